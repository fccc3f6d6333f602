"""From the last image of a study to its result in the archive, with nobody typing.

``python -m benchmarks.node_latency [STUDIES [QUIET_S]]``: by default three simulated patients, one
after the other, and a quiet period of 2 s. Each study lies in a real Orthanc, which sends it to the
node by C-STORE; the clock starts when Orthanc has the answer to the last image, and stops when both
structured reports, the segmentation and the report as PDF are in Orthanc. Everything is the product
as it is: `corcal node`, its store, its workers, its networks. The first study also waits until the
worker has loaded its networks.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.serve_kills import QUICK, free_port
from corcal.store.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # what starts an archive is there
from interop.send.orthanc import (
    AE_TITLE,
    PROGRAM_NAMES,
    Orthanc,
    running_orthanc,
)

WANTED = ("DOC", "SEG", "SR", "SR")
_START_S, _RESULT_S = 60.0, 300.0
_LOOK_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Latency:
    """How long one study took.

    Attributes
    ----------
    images : int
        Of the study.
    sent_s : float
        Orthanc sent its images.
    total_s : float
        Last image in the node, to the last of its results in Orthanc.
    processor_s : float
        Time that the node and its workers took of a processor, from the first image on: what is
        left of the latency where nothing else runs, besides the quiet period.
    stages : mapping of str to float
        Parts of that: until it was in the store (with the quiet period), until it was scored, until
        it was routed and its files were made and had arrived.
    """

    images: int
    sent_s: float
    total_s: float
    processor_s: float
    stages: dict[str, float]


def rules(orthanc: Orthanc, port: int, *, http_port: int, quiet_s: float, more: str = "") -> str:
    """Write the rules of a node that sends everything at once to the archive it came from."""
    return f"""
[node]
port = {port}
http_port = {http_port}
quiet_s = {quiet_s}
[limits]
disk_free_mb = 1
[[peer]]
name = "PACS"
aet = "{AE_TITLE}"
host = "127.0.0.1"
port = {orthanc.dicom_port}
dicomweb = "{orthanc.web_url}"
[[send]]
name = "archive"
to = "PACS"
when = "automatic"
despite_review_advice = true
{more}
"""


@contextmanager
def running_node(data: Path, *, http_port: int, quick: bool = False) -> Iterator[int]:
    """Run ``corcal node`` until it is no longer needed; `quick` scores by threshold. Its number."""
    environment = dict(os.environ)
    environment.pop("CORCAL_DATABASE", None)
    if quick:
        environment |= {"PYTHONPATH": str(QUICK), "CORCAL_QUICK_PAUSE_S": "0"}
    log = data.parent / "node.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "corcal", "node", "--data", str(data)],
            stdout=output,
            stderr=output,
            env=environment,
        )
        try:
            _wait_until_ready(process, http_port, log)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait_until_ready(process: "subprocess.Popen[bytes]", http_port: int, log: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            ask(http_port, "/ready")
            return
        time.sleep(_LOOK_S)
    message = f"the node did not start: {log.read_text(errors='replace')[-2000:]}"
    raise RuntimeError(message)


def processor_s(node: int) -> float:
    """Add up the processor time of the node and of its workers so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            fields = stat.read_text().rpartition(") ")[2].split()
            if node in (int(stat.parent.name), int(fields[1])):
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def ask(http_port: int, path: str, body: bytes | None = None) -> bytes:
    """Ask the node over HTTP."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{http_port}{path}", data=body, timeout=10) as answer:
        return bytes(answer.read())


def put_into(orthanc: Orthanc, folder: Path) -> str:
    """Put the images of a folder into the archive; its name for the study."""
    study = ""
    for path in sorted(folder.iterdir()):
        request = urllib.request.Request(
            f"http://127.0.0.1:{orthanc.http_port}/instances", data=path.read_bytes()
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            study = str(json.loads(answer.read())["ParentStudy"])
    return study


def send_from(orthanc: Orthanc, study: str) -> None:
    """Let the archive send a study to the node, and wait until it has."""
    orthanc.rest(
        "/modalities/CORCAL/store", method="POST", body={"Resources": [study], "Timeout": 60}
    )


def wait_for_results(orthanc: Orthanc, study: str, wanted: Sequence[str] = WANTED) -> list[str]:
    """Wait until the results of a study are in the archive; modalities of its series, but CT."""
    until = time.monotonic() + _RESULT_S
    found: list[str] = []
    while time.monotonic() < until:
        series = orthanc.rest(f"/studies/{study}/series?expand")
        found = sorted(one["MainDicomTags"]["Modality"] for one in series)  # type: ignore[attr-defined]
        found = [one for one in found if one != "CT"]
        if len(found) >= len(wanted):
            break
        time.sleep(_LOOK_S)
    return found


def measure(folder: Path, studies: Sequence[Path], *, quiet_s: float) -> list[Latency]:
    """Send studies one after the other, and measure each."""
    program = next(filter(None, map(shutil.which, PROGRAM_NAMES)))
    port, http_port = free_port(), free_port()
    data = folder / "data"
    data.mkdir(parents=True)
    sent: list[tuple[int, float, float, float]] = []
    with running_orthanc(program, folder) as orthanc:
        orthanc.is_called_back_at(port)
        text = rules(orthanc, port, http_port=http_port, quiet_s=quiet_s)
        (data / "node.toml").write_text(text)
        with running_node(data, http_port=http_port) as node:
            for images in studies:
                study = put_into(orthanc, images)
                began, used = time.monotonic(), processor_s(node)
                send_from(orthanc, study)
                last = time.monotonic()
                wait_for_results(orthanc, study)
                took = time.monotonic() - last
                count = len(list(images.iterdir()))
                sent.append((count, last - began, took, processor_s(node) - used))
                print(f"{took:.1f} s", flush=True)
    return [
        Latency(images=images, sent_s=sent_s, total_s=total_s, processor_s=used, stages=stages)
        for (images, sent_s, total_s, used), stages in zip(sent, _stages(data), strict=True)
    ]


def _stages(data: Path) -> Iterator[dict[str, float]]:
    """Read in the histories of the exams when each step was."""
    with Store(data) as store:
        exams = sorted(store.worklist().exams, key=lambda one: one.created_at)
        for exam in exams:
            at = {each.kind: each for each in store.events(exam.id) if each.kind != "state"}
            last = datetime.fromisoformat(at["received"].after["last_image_at"])
            moments = [last, exam.created_at, at["result"].at, at["delivered"].at]
            names = ("in the store", "scored", "in the archive")
            yield {
                name: (then - before).total_seconds()
                for name, before, then in zip(names, moments, moments[1:], strict=False)
            }


def simulated_patients(root: Path, count: int) -> list[Path]:
    """Simulate gated scans of patients as a scanner makes them."""
    from corcal.phantom.dicom import write_scan
    from corcal.phantom.patient import draw_patient
    from corcal.phantom.thorax import GATED_SCANNER, simulate_patient

    folders = []
    for seed in range(1, count + 1):
        folders.append(root / str(seed))
        simulated = simulate_patient(draw_patient(seed), scanner=GATED_SCANNER)
        write_scan(folders[-1], simulated.scan)
    return folders


def main(studies: int = 3, quiet_s: float = 2.0) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as made:
        folders = simulated_patients(Path(made) / "studies", studies)
        for number, one in enumerate(measure(Path(made) / "run", folders, quiet_s=quiet_s), 1):
            parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in one.stages.items())
            print(
                f"study {number}: {one.images} images sent in {one.sent_s:.1f} s; last image to "
                f"result {one.total_s:.1f} s, {one.total_s - quiet_s:.1f} s without the quiet "
                f"period ({parts}); {one.processor_s:.1f} s of processor"
            )


if __name__ == "__main__":
    main(*(float(value) if "." in value else int(value) for value in sys.argv[1:]))  # type: ignore[arg-type]
