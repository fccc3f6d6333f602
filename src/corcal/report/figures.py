"""The pictures that can be used alone: what each shows, what it needs, and its bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from corcal.ct.scan import CTScan
from corcal.lesions.voxels import SiteVoxels
from corcal.report.amounts import shown
from corcal.report.key_lesions import largest_lesions
from corcal.report.unchecked import marked_name, unchecked_words
from corcal.report.words import score_name, zero_words
from corcal.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "Drawn", "FigureKind", "Subject", "draw_figures", "why_empty", "why_not"]


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
    shows_nothing : callable
        Says why a subject has nothing that it could show, whatever else is given; ``None`` if it
        has.
    """

    help: str
    lacks: Callable[[Subject], str | None]
    draw: Callable[[Subject], dict[str, Drawn]]
    shows_nothing: Callable[[Subject], str | None] = lambda _: None


def draw_figures(subject: Subject, names: tuple[str, ...]) -> dict[str, Drawn]:
    """Draw pictures that can be drawn (`why_not`), by the name of their files without ending."""
    found: dict[str, Drawn] = {}
    for name in names:
        found |= FIGURES[name].draw(subject)
    return found


def why_not(name: str, subject: Subject) -> str | None:
    """Say why a picture cannot be drawn, and what would help; ``None`` if it can."""
    empty = why_empty(name, subject)
    if empty is not None:
        return empty
    reason = FIGURES[name].lacks(subject)
    return None if reason is None else f"{name} {reason}"


def why_empty(name: str, subject: Subject) -> str | None:
    """Say why there is nothing that a picture could show; ``None`` if there is."""
    reason = FIGURES[name].shows_nothing(subject)
    return None if reason is None else f"{name} {reason}"


def _lacks_scan(subject: Subject) -> str | None:
    if subject.scan is None or subject.voxels is None:
        return "needs the scan: give --scan PATH"
    return None


def _has_no_lesion(subject: Subject) -> str | None:
    if largest_lesions(subject.result):
        return None
    nothing = zero_words(subject.result)
    return "shows lesions that count, and there is none" + (f": {nothing}" if nothing else "")


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
    return {"montage": Drawn(figure=sheet.figure, title=f"Axial slices. {_told(subject)}")}


def _projection(subject: Subject) -> dict[str, Drawn]:
    from corcal.report.projection import projection_sheet

    sheet = projection_sheet(*_scored(subject))
    title = f"The heart seen through. {_told(subject)}"
    return {"projection": Drawn(figure=sheet.figure, title=title)}


def _keys(subject: Subject) -> dict[str, Drawn]:
    from corcal.report.key_images import KEY_NAMES, key_sheets

    sheets = key_sheets(*_scored(subject))
    drawn = {}
    for vessel, number in largest_lesions(subject.result).items():
        lesion, name = subject.result.lesions[number], KEY_NAMES[vessel]
        named = marked_name(subject.result, lesion)
        title = f"Largest lesion of the {vessel}, {named}: Agatston {shown(lesion.agatston)}"
        title = _and_unchecked(title, subject.result)
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


def _told(subject: Subject) -> str:
    """Say what a picture of the scan says of the score in its heading."""
    nothing = zero_words(subject.result)
    return _and_unchecked(_score(subject) + (f": {nothing}" if nothing else ""), subject.result)


def _and_unchecked(title: str, result: Result) -> str:
    unchecked = unchecked_words(result)
    return f"{title}. {unchecked}" if unchecked else title


FIGURES: Mapping[str, FigureKind] = {
    "montage": FigureKind(help="axial slices with calcium", lacks=_lacks_scan, draw=_montage),
    "projection": FigureKind(help="the heart seen through", lacks=_lacks_scan, draw=_projection),
    "key": FigureKind(
        help="the largest lesion of each artery, a picture each",
        lacks=_lacks_scan,
        draw=_keys,
        shows_nothing=_has_no_lesion,
    ),
    "percentile": FigureKind(
        help="the score among people of the same sex", lacks=_lacks_curves, draw=_percentile
    ),
    "history": FigureKind(help="scores over time", lacks=_lacks_history, draw=_history),
}
"""Every kind, in the order of the help."""
