"""Types that threads read at once."""

import subprocess
import sys

import pytest

from corcal.described import described
from corcal.result import Result

# the outer class is known, but not described, while the annotation of the inner one is looked up
_TWO_THREADS = """
import sys, threading, time
from dataclasses import dataclass
import msgspec
from corcal.described import described

def slowly():
    looked_up.set()
    time.sleep(0.5)
    return int

@dataclass
class Inner:
    number: "slowly()"

@dataclass
class Outer:
    inner: Inner

def read():
    kind = described(Outer) if sys.argv[1] == "described" else Outer
    found.append(msgspec.json.decode(b'{"inner": {"number": 7}}', type=kind).inner.number)

looked_up, found = threading.Event(), []
first = threading.Thread(target=read)
first.start()
looked_up.wait()
read()
first.join()
sys.exit(found != [7, 7])
"""


def _ended(how: str) -> int:
    return subprocess.run([sys.executable, "-c", _TWO_THREADS, how], check=False).returncode


def test_a_type_is_read_by_one_thread_while_another_still_looks_it_up() -> None:
    assert _ended("described") == 0


@pytest.mark.skipif(sys.platform != "linux", reason="how a process ends is told otherwise there")
def test_without_that_the_process_dies() -> None:
    # once this fails, msgspec has mended it, and `corcal.described` can go
    assert _ended("at once") < 0


def test_the_same_type_is_given() -> None:
    assert described(Result) is Result
    assert described(Result) is Result
