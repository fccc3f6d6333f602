"""When a letter was made, and when the one that it replaces was: alike, so that people find it."""

from datetime import UTC, datetime

from corcal.amendment import Amendment
from corcal.report.letter.language import Language
from corcal.result import Result

__all__ = ["date_of_letter", "date_of_replaced"]


def date_of_letter(result: Result, language: Language) -> str:
    """Write when the record of a letter was made, which for a signed one is when it was signed.

    A later correction names a letter by this date (`corcal.amended.amended`).

    Parameters
    ----------
    result : Result
        A scored exam.
    language : Language

    Returns
    -------
    str
        The day in words, in UTC as all moments of reports; with the time of day if the letter
        replaces one of the same day.
    """
    made, amendment = result.provenance, result.provenance.amendment
    moment = _moment(made.created)
    has_time = amendment is not None and _is_one_day(amendment, result)
    return _written(moment, language, has_time=has_time)


def date_of_replaced(amendment: Amendment, result: Result, language: Language) -> str:
    """Write when the letter was made that a letter replaces, as `date_of_letter` does."""
    moment = _moment(amendment.signed_before)
    return _written(moment, language, has_time=_is_one_day(amendment, result))


def _is_one_day(amendment: Amendment, result: Result) -> bool:
    moments = (_moment(each) for each in (amendment.signed_before, result.provenance.created))
    return len({moment.date() for moment in moments}) == 1


def _moment(text: str) -> datetime:
    """Read a moment of a record, in UTC; of one that is none, the day, which was checked."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.fromisoformat(text[:10])
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _written(moment: datetime, language: Language, *, has_time: bool) -> str:
    day = language.date(moment.date())
    if not has_time:
        return day
    return language.text("language.moment", date=day, time=f"{moment:%H:%M}")
