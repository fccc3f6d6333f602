"""What a report is written of, and how: the same for every format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from corcal.errors import InputError

if TYPE_CHECKING:
    from corcal.cli.report_documents import Setting
    from corcal.interop.hl7v2 import Route
    from corcal.pipeline import Exam
    from corcal.report.document import PageStyle
    from corcal.result import Result

__all__ = ["PAPERS", "Paper", "Request"]

Paper = Literal["a4", "us-letter"]
PAPERS: tuple[Paper, ...] = ("a4", "us-letter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a format needs to write its files.

    Attributes
    ----------
    result : Result
        The record; without what tells who the patient is, if that was asked for.
    folder : Path
        Where the files go; it exists.
    formats : tuple of str
        All that are written.
    exam : Exam or None
        The record with its scan and calcium; ``None`` where the scan was not given.
    pictures : mapping of str to bytes
        PNG by name (`corcal.report.exam_pictures`), as far as there are any.
    language : str
        Of the letter.
    paper : str
        One of `PAPERS`.
    is_large : bool
        Whether the letter is in large print.
    embeds_pdf : bool
        Whether the clinician's report is inside of what other programs take.
    route : Route or None
        From where and to where an HL7 message is sent, as far as that was said.
    made : dict
        Documents that were begun (`corcal.cli.report_documents`), by name.
    """

    result: "Result"
    folder: Path
    formats: tuple[str, ...]
    exam: "Exam | None" = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    language: str = "en"
    paper: Paper = "a4"
    is_large: bool = False
    embeds_pdf: bool = True
    route: "Route | None" = None
    made: dict[str, "Setting"] = field(default_factory=dict)

    @property
    def scored(self) -> "Exam":
        """The exam, for formats that cannot do without the scan."""
        if self.exam is None:
            msg = "the scan is needed: give --scan PATH"
            raise InputError(msg)
        return self.exam

    def style(self, text_pt: float | None = None) -> "PageStyle":
        """Give paper and size of the text; by default the size that reports have."""
        from corcal.report.document import PageStyle

        if text_pt is None:
            return PageStyle(paper=self.paper)
        return PageStyle(paper=self.paper, text_pt=text_pt)
