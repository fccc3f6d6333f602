"""The chance in 10 years: one model's number as people who can be counted."""

from collections.abc import Iterator
from dataclasses import dataclass

from corcal.report.document import Beside, Block, Heading, Paragraph, Picture
from corcal.report.letter.case import Case
from corcal.report.letter.icons import icons_svg
from corcal.report.letter.language import Language

__all__ = ["Chance", "chance_of", "may_be_higher", "the_chance"]

_LARGE_PT, _LARGE_WIDTH = 14.0, 0.55  # from here on columns stand one below the other
_HIGH_PARTS = ("moderate", "large")
_FIRST_SHOWN = 0.005  # what rounds to nobody is said in words


@dataclass(frozen=True, kw_only=True)
class Chance:
    """The risk that the letter shows.

    Attributes
    ----------
    model, outcome : str
        As in `corcal.risk.types.Estimate`.
    fraction : float
        Risk in 10 years, 0 to 1.
    source : str
        Key of the `Source`.
    without_scan : float or None
        What the same study gives without the calcium score.
    uses_scan : bool
        Whether the calcium score is part of it.
    """

    model: str
    outcome: str
    fraction: float
    source: str
    without_scan: float | None = None
    uses_scan: bool = False

    @property
    def count(self) -> int:
        """People of 100."""
        return round(100 * self.fraction)

    @property
    def words(self) -> str:
        """Key of the text that says what is counted."""
        if self.model.startswith("mesa"):
            return "mesa"
        return "score2" if self.model.startswith("score2") else "ascvd"


def chance_of(case: Case) -> Chance | None:
    """Choose the one risk that a letter shows: the order of the short interpretation.

    MESA with the calcium score comes first, where the score can be set beside those of a study;
    then PREVENT, SCORE2 and the Pooled Cohort Equations, none of which knows the scan.

    Parameters
    ----------
    case : Case
        With what is known of the person.

    Returns
    -------
    Chance or None
        ``None`` where no model gives a number, or the person is none that the models are for.
    """
    meaning = case.meaning
    if meaning is None or not case.applies or case.has_symptoms:
        return None
    found = {(each.model, each.outcome): each for each in meaning.estimates if each.years == 10}
    for model, outcome in _order(meaning.risk.prevent_model, has_score=case.is_comparable):
        each = found.get((model, outcome))
        if each is not None and each.fraction is not None:
            uses_scan = model == "mesa_chd_with_cac"
            return Chance(
                model=model,
                outcome=outcome,
                fraction=each.fraction,
                source=each.source,
                uses_scan=uses_scan,
                without_scan=meaning.risk.mesa_chd if uses_scan else None,
            )
    return None


def may_be_higher(case: Case, chance: Chance) -> bool:
    """Tell whether the scan speaks for a higher chance than one that does not count it."""
    is_high = case.part in _HIGH_PARTS or case.is_high_for_age
    return not chance.uses_scan and case.is_usable and is_high


def the_chance(
    case: Case, chance: Chance | None, language: Language, *, text_pt: float
) -> Iterator[Block]:
    """Show the chance as a picture beside its words."""
    if chance is None:
        return
    yield Heading(text=language.text("chance.heading"))
    outcome = language.text(f"chance.{chance.words}")
    if chance.fraction < _FIRST_SHOWN:
        yield Paragraph(text=language.text("chance.below_one", outcome=outcome))
        yield from _details(case, chance, language)
        return
    n, rest = str(chance.count), str(100 - chance.count)
    alt_name = "chance.alt" if chance.words == "mesa" else "chance.alt_stroke"
    alt = language.text(alt_name, n=n, rest=rest)
    picture = Picture(
        data=icons_svg(chance.count, alt=alt),
        media_type="image/svg+xml",
        alt=alt,
        width=_LARGE_WIDTH if text_pt >= _LARGE_PT else 1.0,
    )
    words = Paragraph(text=language.text("chance.text", n=n, rest=rest, outcome=outcome))
    columns: tuple[tuple[Block, ...], ...] = (
        (picture,),
        (words, *_details(case, chance, language)),
    )
    yield Beside(columns=columns, widths=(0.31, 0.69))


def _details(case: Case, chance: Chance, language: Language) -> Iterator[Block]:
    percent = language.percent(chance.fraction)
    if chance.uses_scan and chance.without_scan is not None:
        without = language.percent(chance.without_scan)
        text = language.text("chance.with_scan", percent=percent, without=without)
    else:
        text = language.text("chance.no_scan", percent=percent)
    yield Paragraph(text=text)
    if may_be_higher(case, chance):
        yield Paragraph(text=language.text("chance.may_be_higher"))
    yield Paragraph(text=language.text("chance.limits"))


def _order(prevent_model: str | None, *, has_score: bool) -> Iterator[tuple[str, str]]:
    if has_score:
        yield "mesa_chd_with_cac", "chd"
    if prevent_model is not None:
        yield prevent_model, "ascvd"
    yield "score2", "total_cvd"
    yield "score2_op", "total_cvd"
    yield "pce", "ascvd"
