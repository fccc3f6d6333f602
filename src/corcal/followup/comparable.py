"""Whether two exams were made alike: only then can a change of the score be one of the patient.

Every setting that moves a score is a row of one table: when two values are the same, whether a
difference forbids a verdict, and why. The kinds of settings are those that published protocols ask
to be kept. The tolerances, and that another model of the same maker does not forbid a verdict, are
corcal's decisions. Two things about the scan itself stand in the same table: a scan that is not fit
for scoring has no score to compare, and metal at the heart changes what can be seen.
"""

from collections.abc import Callable
from dataclasses import dataclass

from corcal.followup.types import Difference, ExamNumbers

__all__ = ["SETTINGS", "Setting", "differences", "is_comparable"]

_KVP_TOLERANCE = 1.0  # kV: rounding of headers
_LENGTH_TOLERANCE_MM = 0.05  # rounding of headers; the next protocol is 0.5 mm away
_MAKERS = {  # first word of DICOM Manufacturer, in lower case: companies that changed their name
    "toshiba": "canon",
    "marconi": "philips",
    "picker": "philips",
    "imatron": "ge",
}

_Value = float | str | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting that two exams should share.

    Attributes
    ----------
    name : str
        Field of `ExamNumbers`.
    label : str
        In words.
    blocks : bool
        Whether a known difference forbids a verdict.
    why : str
        What a difference does.
    shown : callable
        Writes a known value with its unit.
    is_same : callable
        Takes two known values.
    barred : bool or None
        A value that forbids a verdict even where both exams have it, or nothing is known of the
        other; ``None`` if there is none.
    """

    name: str
    label: str
    blocks: bool
    why: str
    shown: Callable[[_Value], str]
    is_same: Callable[[_Value, _Value], bool]
    barred: bool | None = None


def differences(first: ExamNumbers, second: ExamNumbers) -> tuple[Difference, ...]:
    """List what two exams do not share, and what is not known of one of them.

    Parameters
    ----------
    first, second : ExamNumbers
        In order of time.

    Returns
    -------
    tuple of Difference
        In the order of `SETTINGS`; empty if everything is known and the same.
    """
    found = (_difference(setting, first, second) for setting in SETTINGS)
    return tuple(one for one in found if one is not None)


def is_comparable(found: tuple[Difference, ...]) -> bool:
    """Whether no difference forbids a verdict."""
    return not any(one.blocks for one in found)


def _difference(setting: Setting, first: ExamNumbers, second: ExamNumbers) -> Difference | None:
    one, other = _value(first, setting.name), _value(second, setting.name)
    is_known = one is not None and other is not None
    is_barred = setting.barred is not None and setting.barred in (one, other)
    if is_known and setting.is_same(one, other) and not is_barred:
        return None
    return Difference(
        setting=setting.name,
        label=setting.label,
        first=None if one is None else setting.shown(one),
        second=None if other is None else setting.shown(other),
        blocks=is_barred or (is_known and setting.blocks),
        is_known=is_known,
        why=setting.why,
    )


def _value(exam: ExamNumbers, name: str) -> _Value:
    """Give a setting; a text without a letter or digit, such as ``-``, is not known."""
    value: _Value = getattr(exam, name)
    if not isinstance(value, str):
        return value
    return value.strip() if any(sign.isalnum() for sign in value) else None


def _near(tolerance: float) -> Callable[[_Value, _Value], bool]:
    def is_same(one: _Value, other: _Value) -> bool:
        return abs(float(one or 0) - float(other or 0)) <= tolerance * (1 + 1e-9)

    return is_same


def _same_text(one: _Value, other: _Value) -> bool:
    return "".join(str(one).split()).casefold() == "".join(str(other).split()).casefold()


def _same_maker(one: _Value, other: _Value) -> bool:
    return _maker(str(one)) == _maker(str(other))


def _maker(manufacturer: str) -> str:
    """Reduce a DICOM Manufacturer to the company: ``GE MEDICAL SYSTEMS`` and ``GE Healthcare``."""
    words = "".join(sign if sign.isalnum() else " " for sign in manufacturer.casefold()).split()
    return _MAKERS.get(words[0], words[0])


def _number(unit: str) -> Callable[[_Value], str]:
    return lambda value: f"{round(float(value or 0), 3):g} {unit}"


def _yes(text: str, otherwise: str) -> Callable[[_Value], str]:
    return lambda value: text if value else otherwise


def _equal(one: _Value, other: _Value) -> bool:
    return one == other


SETTINGS = (
    Setting(
        name="kvp",
        label="tube voltage",
        blocks=True,
        why="calcium is brighter at a lower voltage, and its score higher",
        shown=_number("kV"),
        is_same=_near(_KVP_TOLERANCE),
    ),
    Setting(
        name="slice_thickness_mm",
        label="slice thickness",
        blocks=True,
        why="thin slices show small calcium that thick ones average away",
        shown=_number("mm"),
        is_same=_near(_LENGTH_TOLERANCE_MM),
    ),
    Setting(
        name="increment_mm",
        label="distance of slices",
        blocks=True,
        why="overlapping slices find calcium that lies between contiguous ones",
        shown=_number("mm"),
        is_same=_near(_LENGTH_TOLERANCE_MM),
    ),
    Setting(
        name="kernel",
        label="reconstruction kernel",
        blocks=True,
        why="a sharper kernel raises peaks and noise above the threshold",
        shown=str,
        is_same=_same_text,
    ),
    Setting(
        name="manufacturer",
        label="maker of the scanner",
        blocks=True,
        why="scanners of different makers give different scores of the same calcium",
        shown=str,
        is_same=_same_maker,
    ),
    Setting(
        name="model_name",
        label="model of the scanner",
        blocks=False,
        why="another model of one maker can score the same calcium a little differently",
        shown=str,
        is_same=_same_text,
    ),
    Setting(
        name="rule",
        label="scoring rule",
        blocks=True,
        why="threshold and smallest lesion differ; score both exams by one rule",
        shown=str,
        is_same=_same_text,
    ),
    Setting(
        name="is_gated",
        label="ECG gating",
        blocks=True,
        why="motion without gating smears calcium, and mostly lowers its score",
        shown=_yes("gated", "not gated"),
        is_same=_equal,
    ),
    Setting(
        name="is_fit",
        label="suitability",
        blocks=True,
        why="of a scan that is not fit for calcium scoring, the score is none to rely on; not even "
        "if both are alike in that",
        shown=_yes("fit", "not fit for calcium scoring"),
        is_same=_equal,
        barred=False,
    ),
    Setting(
        name="has_device",
        label="metal at the heart",
        blocks=True,
        why="a stent or lead hides the calcium beside it, and its streaks look like calcium",
        shown=_yes("found", "not found"),
        is_same=_equal,
    ),
    Setting(
        name="is_automatic",
        label="who found the calcium",
        blocks=False,
        why="a person and the software may take different lesions for coronary calcium; look at "
        "the lesions of both",
        shown=_yes("the software", "a person"),
        is_same=_equal,
    ),
)
