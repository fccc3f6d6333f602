"""The key images, the projection, and what was found outside the arteries."""

from collections.abc import Mapping

from corcal.lesions.sites import Vessel
from corcal.report.amounts import shown
from corcal.report.clinician.elsewhere import elsewhere
from corcal.report.document import Beside, Block, Heading, Picture
from corcal.report.exam_pictures import PROJECTION_NAME
from corcal.report.key_images import KEY_NAMES
from corcal.report.words import ARTERY_NAMES, sentence, zero_words
from corcal.result import Result

__all__ = ["images"]

_WIDTHS = (1.15, 1.0)
_A_ROW = 2  # key images side by side, if there are more than stand beside the projection
_MOST_BESIDE = 3  # where earlier exams need their place, all stand in one row
_PROJECTION_WIDTH = 1.6  # of that of a key image beside it


def images(result: Result, pictures: Mapping[str, bytes]) -> tuple[Block, ...]:
    """Set the key images beside the projection and what was found outside the arteries."""
    keys = [
        _key_image(result, vessel, pictures[name])
        for vessel, name in KEY_NAMES.items()
        if name in pictures
    ]
    projection = _projection(result, pictures.get(PROJECTION_NAME))
    if not keys and not projection:
        return elsewhere(result)
    heading = Heading(text="Images")
    if len(keys) > _MOST_BESIDE and result.followup is None:
        right: tuple[Block, ...] = (*projection, *elsewhere(result))
        return (heading, Beside(columns=(_rows(keys), right), widths=_WIDTHS))
    columns: tuple[tuple[Block, ...], ...] = (*((key,) for key in keys), projection)
    widths = (1.0,) * len(keys) + (_PROJECTION_WIDTH,)
    if len(keys) > 1:
        return (heading, Beside(columns=columns, widths=widths), *elsewhere(result))
    beside = Beside(columns=(*columns, elsewhere(result)), widths=(*widths, _PROJECTION_WIDTH))
    return (heading, beside)


def _rows(keys: list[Picture]) -> tuple[Block, ...]:
    """Put so many in a row; an empty place keeps the last one as small as the others."""
    rows = (keys[k : k + _A_ROW] for k in range(0, len(keys), _A_ROW))
    return tuple(
        Beside(
            columns=tuple((key,) for key in row) + ((),) * (_A_ROW - len(row)),
            widths=(1.0,) * _A_ROW,
        )
        for row in rows
    )


def _key_image(result: Result, vessel: Vessel, data: bytes) -> Picture:
    largest = max(
        (each for each in result.lesions if each.site == vessel), key=lambda each: each.agatston
    )
    name = ARTERY_NAMES[vessel]
    return Picture(
        data=data,
        media_type="image/png",
        alt=f"Axial slice with the largest lesion of the artery, {name} ({vessel}), outlined: "
        f"{largest.id}, Agatston {shown(largest.agatston)}.",
    )


def _projection(result: Result, data: bytes | None) -> tuple[Picture, ...]:
    if data is None:
        return ()
    nothing = zero_words(result)
    each = ", ".join(
        f"{vessel} {shown(result.score.vessels[vessel].agatston)}" for vessel in Vessel
    )
    return (
        Picture(
            data=data,
            media_type="image/png",
            alt="The heart seen through, from the feet and from the front, calcium in the colour "
            f"of its artery. {each}.",
            caption=nothing and sentence(nothing),
        ),
    )
