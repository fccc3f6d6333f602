"""The pictures that can be used alone: what each shows, what it needs, and its bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from corcal.ct.scan import CTScan
from corcal.lesions.voxels import SiteVoxels
from corcal.report.amounts import shown
from corcal.report.key_lesions import largest_lesions
from corcal.report.words import score_name
from corcal.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "Drawn", "FigureKind", "Subject", "draw_figures", "why_not"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is drawn.

    Attributes
    ----------
    result : Result
        The record.
    scan : CTScan or None
        The scan that was scored, if it is there.
    voxels : SiteVoxels or None
        Where its calcium was looked for, together with the scan.
    """

    result: Result
    scan: CTScan | None = None
    voxels: SiteVoxels | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture that has no format yet; the title is for who hears it read."""

    figure: "Figure"
    title: str

    def data(self, format_name: Literal["png", "svg"]) -> bytes:
        """Give the picture as PNG or SVG; the same picture gives the same bytes."""
        from corcal.report.canvas import png_bytes, svg_bytes

        if format_name == "png":
            return png_bytes(self.figure)
        return svg_bytes(self.figure, self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureKind:
    """One kind of picture.

    Attributes
    ----------
    help : str
        What it shows, in a few words.
    lacks : callable
        Says why it cannot be drawn of a subject, in one line; ``None`` if it can.
    draw : callable
        Draws it: one picture or several, by the name of their files without ending.
    """

    help: str
    lacks: Callable[[Subject], str | None]
    draw: Callable[[Subject], dict[str, Drawn]]


def draw_figures(subject: Subject, names: tuple[str, ...]) -> dict[str, Drawn]:
    """Draw pictures that can be drawn (`why_not`), by the name of their files without ending."""
    found: dict[str, Drawn] = {}
    for name in names:
        found |= FIGURES[name].draw(subject)
    return found


def why_not(name: str, subject: Subject) -> str | None:
    """Say why a picture cannot be drawn, and what would help; ``None`` if it can."""
    reason = FIGURES[name].lacks(subject)
    return None if reason is None else f"{name} {reason}"


def _lacks_scan(subject: Subject) -> str | None:
    if subject.scan is None or subject.voxels is None:
        return "needs the scan: give --scan PATH"
    return None


def _lacks_lesion(subject: Subject) -> str | None:
    if not largest_lesions(subject.result):
        return "shows lesions, and no coronary artery has one"
    return _lacks_scan(subject)


def _lacks_curves(subject: Subject) -> str | None:
    from corcal.report.interpretation_choice import CHARTED, charted_reference

    meaning = subject.result.interpretation
    if meaning is None:
        return "needs an interpretation in the record: corcal interpret RESULT --into RESULT"
    if charted_reference(meaning) is None:
        reasons = "; ".join(f"{meaning.percentile[name].not_covered}" for name in CHARTED)
        return f"has no curves for the person: {reasons}"
    return None


def _lacks_history(subject: Subject) -> str | None:
    if subject.result.followup is None:
        return "needs earlier exams in the record: corcal compare OLDER RESULT --into RESULT"
    return None


def _montage(subject: Subject) -> dict[str, Drawn]:
    from corcal.report.slices import montage_sheet

    sheet = montage_sheet(*_scored(subject))
    return {"montage": Drawn(figure=sheet.figure, title=f"Axial slices. {_score(subject)}")}


def _projection(subject: Subject) -> dict[str, Drawn]:
    from corcal.report.projection import projection_sheet

    sheet = projection_sheet(*_scored(subject))
    title = f"The heart seen through. {_score(subject)}"
    return {"projection": Drawn(figure=sheet.figure, title=title)}


def _keys(subject: Subject) -> dict[str, Drawn]:
    from corcal.report.key_images import KEY_NAMES, key_sheets

    sheets = key_sheets(*_scored(subject))
    drawn = {}
    for vessel, number in largest_lesions(subject.result).items():
        lesion, name = subject.result.lesions[number], KEY_NAMES[vessel]
        title = f"Largest lesion of the {vessel}, {lesion.id}: Agatston {shown(lesion.agatston)}"
        drawn[name] = Drawn(figure=sheets[name].figure, title=title)
    return drawn


def _percentile(subject: Subject) -> dict[str, Drawn]:
    from corcal.report.percentile_chart import interpretation_sheet

    meaning = subject.result.interpretation
    if meaning is None:
        return {}
    title = f"{_score(subject)} among people of the same sex, by age"
    return {"percentile": Drawn(figure=interpretation_sheet(meaning).figure, title=title)}


def _history(subject: Subject) -> dict[str, Drawn]:
    from corcal.report.followup_chart import followup_figure

    followup = subject.result.followup
    if followup is None:
        return {}
    title = f"Agatston score over time, {len(followup.exams)} exams"
    return {"history": Drawn(figure=followup_figure(followup), title=title)}


def _scored(subject: Subject) -> tuple[Result, CTScan, SiteVoxels]:
    if subject.scan is None or subject.voxels is None:
        msg = "a picture of a scan was asked for without the scan"
        raise ValueError(msg)
    return subject.result, subject.scan, subject.voxels


def _score(subject: Subject) -> str:
    result = subject.result
    return f"{score_name(result)} {shown(result.score.total.agatston)}"


FIGURES: Mapping[str, FigureKind] = {
    "montage": FigureKind(help="axial slices with calcium", lacks=_lacks_scan, draw=_montage),
    "projection": FigureKind(help="the heart seen through", lacks=_lacks_scan, draw=_projection),
    "key": FigureKind(
        help="the largest lesion of each artery, a picture each", lacks=_lacks_lesion, draw=_keys
    ),
    "percentile": FigureKind(
        help="the score among people of the same sex", lacks=_lacks_curves, draw=_percentile
    ),
    "history": FigureKind(help="scores over time", lacks=_lacks_history, draw=_history),
}
"""Every kind, in the order of the help."""
