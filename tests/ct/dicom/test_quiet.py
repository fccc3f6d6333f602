"""Silencing pydicom leaves no trace, also when several threads do it at once."""

import logging
import warnings
from threading import Barrier, Thread

import pytest

from corcal.ct.dicom.quiet import quiet_pydicom


def warn_as(module: str) -> None:
    warnings.warn_explicit("remark", UserWarning, "file", 1, module=module)


def test_only_pydicom_is_silenced() -> None:
    with quiet_pydicom():
        warn_as("pydicom.valuerep")
        with pytest.warns(UserWarning, match="remark"):
            warn_as("somebody.else")
    with pytest.warns(UserWarning, match="remark"):
        warn_as("pydicom.valuerep")


def test_log_records_of_pydicom_do_not_reach_the_application(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with quiet_pydicom():
        logging.getLogger("pydicom.pixels").error("with a value")
    assert caplog.records == []
    logging.getLogger("pydicom.pixels").error("outside")
    assert len(caplog.records) == 1


def test_overlapping_blocks_of_threads_restore_the_filters() -> None:
    before = list(warnings.filters)
    first_is_in, second_is_in = Barrier(2, timeout=10), Barrier(2, timeout=10)

    def first() -> None:
        with quiet_pydicom():
            first_is_in.wait()
            second_is_in.wait()  # leave while the second is still inside

    def second() -> None:
        first_is_in.wait()
        with quiet_pydicom():
            second_is_in.wait()
            threads[0].join(10)
            warn_as("pydicom.valuerep")  # still silent

    threads = [Thread(target=first), Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert list(warnings.filters) == before
