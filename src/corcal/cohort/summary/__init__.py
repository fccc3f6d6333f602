"""The summary page of a run: what a cohort looks like, what failed, and whom to look at first."""

from collections.abc import Iterable
from pathlib import Path

from corcal.cohort.types import Outcome, OutputError
from corcal.whole_file import write_whole

__all__ = ["SUMMARY_NAME", "write_summary"]

SUMMARY_NAME = "summary.html"


def write_summary(outcomes: Iterable[Outcome], folder: Path) -> Path:
    """Write the summary page of a run.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Of all scans of the run, each once; taken one by one, so a generator of a million is fine.
    folder : Path
        Of the results: where the page is written, and where the pictures of the scans are.

    Returns
    -------
    Path
        One file that needs no other, and no network. The same outcomes give the same bytes.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    # numpy and pillow: at the end of a run, not at the start of the command
    from corcal.cohort.summary.page import summary_document
    from corcal.cohort.summary.tally import tally_of
    from corcal.report.document_html import document_html

    page = document_html(summary_document(tally_of(outcomes), folder))
    path = folder / SUMMARY_NAME
    try:
        write_whole(path, page)
    except OSError as exc:
        msg = f"the summary cannot be written: {exc.strerror or type(exc).__name__}"
        raise OutputError(msg) from exc
    return path
