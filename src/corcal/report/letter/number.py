"""The number in a letter: what was looked for, how much was found, and compared with whom."""

from collections.abc import Iterator

from corcal.exam_numbers import is_zero_by_limit
from corcal.report.document import Beside, Block, Bullets, Heading, Paragraph, Picture
from corcal.report.interpretation_choice import first_percentile
from corcal.report.letter.case import Case
from corcal.report.letter.language import Language
from corcal.report.letter.scale import scale_alt, scale_svg, shows_interval
from corcal.risk.categories import HIGH_FOR_AGE_PERCENTILE
from corcal.risk.types import Percentile, Sex

__all__ = ["compared_with", "looked_for", "not_said", "reference_of", "the_number"]

_WIDTHS = (0.34, 0.66)  # the number beside the scale
_HIGHEST_PERCENTILE = 99  # of MESA: a score there may be higher still


def looked_for(language: Language) -> tuple[Block, ...]:
    """Say what the scan looked for."""
    return (
        Heading(text=language.text("looked.heading")),
        Paragraph(text=language.text("looked.text")),
    )


def the_number(case: Case, language: Language, *, text_pt: float) -> Iterator[Block]:
    """Show the score, where it stands, and what it means; a score that does not count, bare."""
    yield Heading(text=language.text("number.heading"))
    score = language.amount(case.score)
    if not case.is_usable:
        yield Paragraph(text=language.text("number.not_used", score=score))
        return
    name = "number.estimate" if case.is_gated is False else "number.score"
    said = Paragraph(text=language.with_span(name, style="big", score=score), role="lead")
    scale = Picture(
        data=scale_svg(case, language, text_pt=text_pt),
        media_type="image/svg+xml",
        alt=scale_alt(case, language),
        caption=language.text("scale.caption"),
    )
    yield Beside(columns=((said,), (scale,)), widths=_WIDTHS)
    interval = case.result.score.total.interval
    if interval is not None:
        low, high = language.ends(interval)
        limits = [language.text("number.interval", low=low, high=high)]
        if shows_interval(case, language, text_pt=text_pt):
            limits.append(language.text("number.interval_line"))
        yield Paragraph(text=" ".join(limits))
    yield Paragraph(text=" ".join(_meaning(case, language)))
    place = compared_with(case, language)
    if place:
        yield Paragraph(text=place)


def compared_with(case: Case, language: Language) -> str:
    """Say where the score is among people of the same age and sex; empty if nobody knows."""
    found = reference_of(case)
    if found is None or case.person is None:
        return ""
    name, n = _place(found, case) or ("", {})
    people = language.text("place.women" if case.person.sex == Sex.FEMALE else "place.men")
    words = language.text(f"place.{name}", people=people, **n)
    reached = found.value if found.value is not None else found.at_least
    if case.score > 0 and reached is not None and reached >= HIGH_FOR_AGE_PERCENTILE:
        words = f"{words} {language.text('place.high')}"
    return words


def reference_of(case: Case) -> Percentile | None:
    """Return the best reference that covers the person; ``None`` if it does not tell the place."""
    if not case.is_comparable or case.meaning is None:
        return None
    found = first_percentile(case.meaning)
    return found[1] if found is not None and _place(found[1], case) else None


def not_said(case: Case, language: Language) -> tuple[Block, ...]:
    """Say what the score does not tell."""
    told = {
        "soft": True,
        "blockage": True,
        "zero": case.score == 0,
        "pain": True,
        "device": case.has_device and not case.may_have_stent,
        "gating": case.is_gated is None,
        "care": case.is_with_care and case.is_gated is not False and not case.has_device,
        "other_sites": case.has_other_sites,
        "organs": True,
        "machine": True,
    }
    sites = language.listed([language.text(f"site.{name}") for name in case.other_sites])
    items = tuple(
        language.text(f"not.{name}", **({"sites": sites} if name == "other_sites" else {}))
        for name, is_told in told.items()
        if is_told
    )
    return (Heading(text=language.text("not.heading")), Bullets(items=items))


def _meaning(case: Case, language: Language) -> Iterator[str]:
    """Say how much it is, and what more or less of it means."""
    yield from _amount(case, language)
    if case.score > 0:
        yield language.text("number.more")
    if case.part in ("none", "mild"):
        if case.is_guarded or (case.score == 0 and len(case.open_parts) > 1):
            yield language.text(f"number.{'zero' if case.score == 0 else 'low'}_alone")
        elif case.score == 0:
            yield language.text("number.zero_low")
    elif case.part == "large":
        yield language.text("number.plan")
    if case.reasons and case.part != "large":
        reasons = language.listed([language.text(f"reason.{name}") for name in case.reasons])
        yield language.text("number.reasons", reasons=reasons)


def _amount(case: Case, language: Language) -> Iterator[str]:
    """Say how much calcium there is; where another class is likely too, that it may be of both."""
    zero = "zero_limit" if is_zero_by_limit(case.result) else "zero"
    texts = {"none": zero, "large": "very_large" if case.is_very_large else "large"}
    usual = language.text(f"number.{texts.get(case.part, case.part)}")
    some = [part for part in case.open_parts if part != "none"]
    amounts = language.either([language.text(f"amount.{part}") for part in some])
    if case.score == 0:
        yield usual
        if some:
            yield language.text("number.open_zero", amounts=amounts)
        return
    yield usual if len(some) == 1 else language.text("number.open", amounts=amounts)
    if "none" in case.open_parts:
        yield language.text("number.open_none")


def _place(each: Percentile, case: Case) -> tuple[str, dict[str, str]] | None:
    """Choose the text for a percentile, and its numbers; ``None`` if it tells nothing."""
    if each.value is not None:
        if each.value == 0:
            return "lowest", {}
        name = "top" if each.value == _HIGHEST_PERCENTILE else "value"
        return name, {"n": str(each.value)}
    if case.score == 0 and each.p_nonzero is not None:
        return "zero", {"n": str(each.p_nonzero)}
    if each.at_least is not None and each.at_most is not None:
        return "between", {"low": str(each.at_least), "high": str(each.at_most)}
    if each.at_least is not None:
        return "from", {"n": str(each.at_least)}
    return None if each.at_most is None else ("below", {"n": str(each.at_most)})
