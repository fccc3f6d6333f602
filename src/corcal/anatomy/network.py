"""The anatomy by corcal's own networks: where the heart is, what is in it, and its arteries."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.arteries import closer_pathways
from corcal.anatomy.box import CELL_MM, SIDE_MULTIPLE, Cells, place_box
from corcal.anatomy.components import debris_free, largest_part
from corcal.anatomy.outputs import checked, input_of, run_on_cells
from corcal.anatomy.plausible import CHAMBERS, cut_findings, plausibility_findings, volumes_ml
from corcal.anatomy.prior import pathway_findings
from corcal.anatomy.resample import coarser, cover, covered_cells, cut_box, resample
from corcal.anatomy.types import PATHWAYS, Anatomy, Structure
from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.models import LoadedModel, load_model

__all__ = ["NetworkSource"]

LOCATOR_FACTOR = 2  # the locator sees cells of 8 mm
LEAST_PROBABILITY = 0.5
LEAST_HEART_ML = 50.0  # less than this is no heart, nor a usable part of one: our own limit

# Structures that are one piece; the pulmonary arteries branch, and fat is everywhere.
_ONE_PIECE = (
    *CHAMBERS,
    Structure.AORTIC_ROOT,
    Structure.ASCENDING_AORTA,
    Structure.DESCENDING_AORTA,
)
_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSource:
    """The built-in source of the anatomy.

    Attributes
    ----------
    locator_path, thorax_path, arteries_path : Path, str or None
        Files of other models than those that come with corcal.
    trust_unknown : bool
        Run files whose hash this release does not know; the anatomy then has the finding
        ``MODEL_UNKNOWN``.
    """

    locator_path: Path | str | None = None
    thorax_path: Path | str | None = None
    arteries_path: Path | str | None = None
    trust_unknown: bool = False

    def locate(self, scan: CTScan) -> Anatomy:
        """Find the anatomy of a scan.

        Returns
        -------
        Anatomy
            On cells of 4 mm around the heart. With the finding ``HEART_NOT_FOUND``, of severity
            ERROR, everything is background.

        Raises
        ------
        corcal.errors.InputError
            If a model is missing, unknown, or does not give what it should.
        """
        locator = load_model("locator", path=self.locator_path, trust_unknown=self.trust_unknown)
        thorax = load_model("thorax", path=self.thorax_path, trust_unknown=self.trust_unknown)
        near = load_model("arteries", path=self.arteries_path, trust_unknown=self.trust_unknown)
        grid = cover(scan, cell_mm=CELL_MM, multiple=LOCATOR_FACTOR * SIDE_MULTIPLE)
        cells = resample(scan, grid)
        heart = _find_heart(locator, coarser(cells, LOCATOR_FACTOR))
        inside = covered_cells(scan, grid)
        start, shape = place_box(heart, inside, factor=LOCATOR_FACTOR)
        box = grid.box(start, shape)
        if heart.any():
            structures, pathways = _run_thorax(thorax, cut_box(cells, start, shape))
            pathways = closer_pathways(near, scan, pathways, box)
        else:
            structures, pathways = _nothing(shape)
        anatomy = Anatomy(
            structures=structures,
            pathways=pathways,
            origin_mm=box.origin_mm,
            spacing_mm=box.spacing_mm,
            model=thorax.record,
        )
        return _with_findings(anatomy, scan, (locator, thorax, near))


def _find_heart(locator: LoadedModel, coarse: _Floats) -> NDArray[np.bool_]:
    """Cells of 8 mm that are heart: one piece, or none at all."""
    heart = run_on_cells(locator, coarse, "heart", 1)[0] > LEAST_PROBABILITY
    piece = debris_free(heart)
    cell_ml = (CELL_MM * LOCATOR_FACTOR) ** 3 / 1000.0
    return piece if piece.sum() * cell_ml >= LEAST_HEART_ML else np.zeros_like(piece)


def _run_thorax(thorax: LoadedModel, box: _Floats) -> tuple[_Floats, _Floats]:
    """Return structures, each in one piece, and pathways of a box."""
    outputs = thorax.run({input_of(thorax): box[None, None]})
    structures = checked(thorax, outputs, "structures", len(Structure), box.shape)
    pathways = checked(thorax, outputs, "pathways", len(PATHWAYS), box.shape)
    return _without_fragments(structures), np.clip(pathways, 0.0, 1.0)


def _without_fragments(structures: _Floats) -> _Floats:
    """Give what is apart from a structure's largest piece to the other structures there."""
    labels = structures.argmax(axis=0)
    cleaned = structures.copy()
    for structure in _ONE_PIECE:
        mask = labels == structure
        cleaned[structure][mask & ~largest_part(mask)] = 0.0
    total = cleaned.sum(axis=0)
    cleaned[Structure.BACKGROUND][total <= 0] = 1.0
    return np.asarray(cleaned / cleaned.sum(axis=0), np.float32)


def _nothing(shape: Cells) -> tuple[_Floats, _Floats]:
    structures = np.zeros((len(Structure), *shape), np.float32)
    structures[Structure.BACKGROUND] = 1.0
    return structures, np.zeros((len(PATHWAYS), *shape), np.float32)


def _with_findings(anatomy: Anatomy, scan: CTScan, models: tuple[LoadedModel, ...]) -> Anatomy:
    """Add what is unusual; where there is too little of a heart, there is none."""
    findings = [_unknown(model) for model in models if not model.record.trusted]
    volume_ml = volumes_ml(anatomy)
    found_ml = sum(volume_ml[one] for one in CHAMBERS)
    if found_ml < LEAST_HEART_ML:
        structures, pathways = _nothing(anatomy.shape)
        message = f"no heart was found in the scan: it needs {LEAST_HEART_ML:g} mL or more of one"
        findings.append(finding("HEART_NOT_FOUND", message))
        anatomy = replace(anatomy, structures=structures, pathways=pathways)
    else:
        cuts = cut_findings(anatomy, scan)
        findings += [*cuts, *plausibility_findings(anatomy, scan, is_whole=not cuts)]
        findings += () if cuts else pathway_findings(anatomy)
    return replace(anatomy, findings=tuple(findings))


def _unknown(model: LoadedModel) -> Finding:
    record = model.record
    message = f"model {record.name} with SHA-256 {record.sha256} is not one that this release knows"
    return finding("MODEL_UNKNOWN", message)
