"""Lesions that run through several territories, cut into pieces before anything is decided.

Calcium of the aortic wall goes on into the left main, that into two arteries, the mitral annulus
touches the circumflex, and cartilage the right coronary artery. One decision for all of it would be
wrong for most of it. Each voxel belongs to the territory that speaks loudest there; connected
parts that are large enough are pieces, the rest joins the nearest of them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.sampling import sample
from corcal.lesions.aortic_wall import Wall
from corcal.lesions.components import label_volume
from corcal.lesions.fields import Fields
from corcal.lesions.neighbourhood import pericardium_mm
from corcal.lesions.pieces import Pieces, most_of

__all__ = ["join_small_parts", "renumbered", "split_lesions"]

_LEAST_SPLIT_MM3 = 30.0  # smaller lesions, about 3 x 3 x 3 mm, are decided as one
_LEAST_SPLIT_MM = 6.0  # longest extent of those
_LEAST_PIECE_MM3 = 8.0
_LEAST_SHARE = 0.1  # of the lesion; or
_LARGE_PIECE_MM3 = 60.0  # so much, whatever its share
_WALL_SIGMA_MM = 1.5
_WALL_WEIGHT = 0.9  # at the ostium, in the wall, the left main's own line is louder
_OUTSIDE_MM, _OUTSIDE_WIDTH_MM = 7.0, 2.0  # of the pericardium: bone, nodes, descending aorta
_ELSEWHERE = 0.12  # heights below it say nothing: two sigma from the line

_Floats = NDArray[np.floating]


def split_lesions(lesions: Pieces, fields: Fields, walls: Sequence[Wall | None] = ()) -> Pieces:
    """Cut large lesions by territories.

    Parameters
    ----------
    lesions : Pieces
        Connected lesions, one piece each.
    fields : Fields
        Of the scan's anatomy: its pathways and the distance from the pericardium are territories.
    walls : sequence of Wall
        The fitted walls of the aorta are territories, too; ``None`` is skipped.

    Returns
    -------
    Pieces
        With the same voxels; ``lesion`` says which pieces were one.
    """
    rows = np.flatnonzero(_is_large(lesions)[lesions.piece])
    if not rows.size:
        return lesions
    places = lesions.places_mm()[rows]
    territory = np.zeros(rows.size, np.int64)  # of what is clearly outside, such as a sternum
    away = pericardium_mm(lesions.index[rows], lesions.shape, lesions.spacing_mm, fields)
    close = away < _OUTSIDE_MM + _OUTSIDE_WIDTH_MM
    territory[close] = _territories(places[close], fields, walls)
    label = label_volume(
        lesions.index[rows],
        lesions.shape,
        connectivity=26,
        group=lesions.piece[rows] * (int(territory.max()) + 1) + territory,
    )
    volume = np.bincount(label) * lesions.voxel_volume_mm3
    owner = np.zeros(volume.size, np.int64)
    owner[label] = lesions.piece[rows]
    whole = lesions.voxel_count[owner] * lesions.voxel_volume_mm3
    keep = (volume >= _LARGE_PIECE_MM3) | (
        (volume >= _LEAST_PIECE_MM3) & (volume >= _LEAST_SHARE * whole)
    )
    part = join_small_parts(label, keep, owner, places)
    return renumbered(lesions, rows, part)


def join_small_parts(
    part: NDArray[np.integer],
    keep: NDArray[np.bool_],
    owner: NDArray[np.integer],
    places_mm: _Floats,
) -> NDArray[np.int64]:
    """Give the voxels of parts that are not kept to the nearest part that is.

    Parameters
    ----------
    part : integer ndarray of shape (n,)
        Part of each voxel.
    keep : bool ndarray of shape (parts,)
    owner : integer ndarray of shape (parts,)
        Lesion of each part; voxels stay in theirs.
    places_mm : ndarray of shape (n, 3)

    Returns
    -------
    int64 ndarray of shape (n,)
        Parts. A lesion without a kept part becomes one part.
    """
    from scipy.spatial import cKDTree  # slow to import, and only large lesions need it

    out = part.astype(np.int64)
    lost = np.flatnonzero(~keep[part])
    for lesion in np.unique(owner[part[lost]]):
        mine = lost[owner[part[lost]] == lesion]
        kept = np.flatnonzero((owner[part] == lesion) & keep[part])
        if kept.size:
            _, nearest = cKDTree(places_mm[kept]).query(places_mm[mine])
            out[mine] = part[kept[nearest]]
        else:
            out[mine] = out[mine[0]]
    return out


def renumbered(pieces: Pieces, rows: NDArray[np.intp], part: NDArray[np.integer]) -> Pieces:
    """Make pieces of the parts that some of the voxels were given.

    Parameters
    ----------
    pieces : Pieces
        As they were.
    rows : integer ndarray of shape (n,)
        Voxels that were cut: all voxels of some pieces.
    part : integer ndarray of shape (n,)
        New part of each of them; voxels of different pieces are in different parts.

    Returns
    -------
    Pieces
        Numbered in the order of their first voxels.
    """
    name = pieces.piece.astype(np.int64)
    name[rows] = pieces.count + part
    _, first, piece = np.unique(name, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    old = pieces.piece[first[order]]
    return Pieces(
        shape=pieces.shape,
        spacing_mm=pieces.spacing_mm,
        index=pieces.index,
        hu=pieces.hu,
        piece=rank[piece].astype(np.int32),
        lesion=pieces.lesion[old],
        full_volume_mm3=pieces.full_volume_mm3[old],
        threshold_hu=pieces.threshold_hu,
    )


def _is_large(lesions: Pieces) -> NDArray[np.bool_]:
    volume = lesions.voxel_count * lesions.voxel_volume_mm3
    extent = np.zeros(lesions.count)
    for axis, step in zip(lesions.zyx(), lesions.spacing_mm, strict=True):
        top = most_of(axis, lesions.piece, lesions.count)
        low = -most_of(-axis, lesions.piece, lesions.count)
        extent = np.maximum(extent, (top - low + 1) * step)
    return np.asarray((volume >= _LEAST_SPLIT_MM3) & (extent >= _LEAST_SPLIT_MM))


def _territories(
    places: _Floats, fields: Fields, walls: Sequence[Wall | None]
) -> NDArray[np.int64]:
    """Find the loudest at each place: 0 outside, then pathways, walls, elsewhere."""
    outside = sample(fields.anatomy, fields.channel("from_pericardium_mm"), places, outside=99.0)
    far = np.clip((outside - _OUTSIDE_MM) / _OUTSIDE_WIDTH_MM, -20, 20)
    voices = [(1 / (1 + np.exp(-far))).astype(np.float32)]
    voices += [*sample(fields.anatomy, fields.pathways, places)]
    for wall in walls:
        if wall is not None:
            distance, quality = wall.signed_distance(places)
            near = np.exp(-0.5 * np.square(np.nan_to_num(distance, nan=99.0) / _WALL_SIGMA_MM))
            voices.append((_WALL_WEIGHT * np.minimum(2 * quality, 1.0) * near).astype(np.float32))
    voices.append(np.full(len(places), _ELSEWHERE, np.float32))
    return np.asarray(np.stack(voices).argmax(axis=0), np.int64)
