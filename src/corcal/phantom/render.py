"""Paint one patient plane by plane: every tissue in its order, edges by partial volume."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.annuli import annulus_courses, aortic_courses
from corcal.phantom.body import RIB_LAYER_MM, Body, build_body
from corcal.phantom.bones import bone_plane
from corcal.phantom.canvas import Canvas, FieldPlane, Sampler, tiled
from corcal.phantom.coronaries import coronary_tree
from corcal.phantom.course import Course
from corcal.phantom.heart import (
    Heart,
    build_heart,
    great_vessel_tubes,
    with_tunnels,
    with_vessels_inside,
)
from corcal.phantom.lung import grow_lungs
from corcal.phantom.placement import Placement
from corcal.phantom.shapes import FloatArray, Grid, Tube, coverage, smooth_noise
from corcal.phantom.spec import PatientSpec
from corcal.phantom.veins import vein_tubes

__all__ = ["Thorax"]

_FIELD_MM = 2.5
_MARGIN_MM = 12.0
_COARSE_CELL_MM = 1.8
_TEXTURE_CELLS = (32, 96, 96)
_CORTEX_MM = 1.3
_TABLE_RADIUS_MM = 480.0
_CORTEX_HU, _DENSE_HU, _CARTILAGE_HU, _DISC_HU = 850.0, 480.0, 105.0, 85.0
_WATER_HU, _SKIN_HU, _WALL_HU = 8.0, 25.0, 38.0


class Thorax:
    """The simulated patient as a world that can be looked at anywhere.

    Parameters
    ----------
    spec : PatientSpec
        The patient.
    grid : Grid
        Cells that `plane` paints; fine enough for the image, 0.8 mm is.
    field_mm : float
        Cells of the coarse grid that smooth shapes are sampled on. 2.5 mm for images to be looked
        at; 4 to 5 mm for planes of 2 mm and more, at about a sixth of the cost. Twigs of the lungs
        are fewer and thicker on a coarser grid.
    only_courses : bool
        Nothing is to be painted.

    Attributes
    ----------
    heart, body
        Smooth shapes on a coarse grid that covers `grid`.
    courses : dict of Course
        The coronary tree, and what else calcifies, by name.
    """

    def __init__(
        self,
        spec: PatientSpec,
        grid: Grid,
        *,
        field_mm: float = _FIELD_MM,
        only_courses: bool = False,
    ) -> None:
        self.spec = spec
        self.grid = grid
        self.placement = Placement(spec)
        coarse = _coarse_grid(grid, field_mm)
        tubes = great_vessel_tubes(spec, self.placement)
        bare = build_heart(spec, self.placement, coarse, tubes)
        tree = coronary_tree(spec, self.placement, bare)
        arteries = [course.tube for course in tree.values()]
        veins = [*vein_tubes(spec, self.placement, bare, arteries).values()]
        self.heart: Heart = with_vessels_inside(bare, [*arteries, *veins])
        if not spec.variation.is_common and not spec.variation.sunk_mm:
            self.heart = with_tunnels(self.heart, arteries)
        self.body: Body = build_body(
            spec, self.placement, coarse, sac=self.heart.sac, vessels=self.heart.vessels
        )
        self.courses: dict[str, Course] = {
            **tree,
            **annulus_courses(spec, self.placement, self.heart, tree["lcx"]),
            **aortic_courses(tubes),
        }
        if only_courses:
            return
        self._sampler = Sampler(coarse, grid, self._fields())
        behind = RIB_LAYER_MM + 1.0 + 1.7 * spec.muscle_mm + 0.7 * spec.subcutaneous_fat_mm
        self._table_mm = 115.0 * spec.body_scale[1] + behind
        self._rng = np.random.default_rng([spec.seed, 7])
        self._texture = smooth_noise(self._rng, _TEXTURE_CELLS, 1.1)
        self._clouds = smooth_noise(self._rng, _TEXTURE_CELLS, 5.0)
        self._vessels = _cover(grid, [*arteries, *veins])
        self._twigs, self._bronchi, self._lumina = self._lungs()

    def _fields(self) -> dict[str, FloatArray]:
        heart, body = self.heart, self.body
        fields: dict[str, FloatArray] = {
            name: getattr(body, name) for name in Body.__dataclass_fields__
        }
        outer = [
            heart.vessels[name]
            for name in (
                "azygos_vein",
                "brachiocephalic_trunk",
                "left_carotid_artery",
                "left_subclavian_artery",
                "left_brachiocephalic_vein",
                "right_upper_pulmonary_vein",
                "right_lower_pulmonary_vein",
                "left_upper_pulmonary_vein",
                "left_lower_pulmonary_vein",
            )
        ]
        return {
            **fields,
            "sac": heart.sac,
            "solid": np.minimum.reduce([heart.solid, *outer]),
            "lv": heart.chambers["lv"],
            "aorta": heart.vessels["descending_aorta"],
        }

    def _lungs(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
        body = self.body
        lung = np.maximum.reduce([body.cavity + 1.0, -body.mediastinum, -body.abdomen])
        origin = np.array(self._sampler.coarse.origin_mm)
        step = self._sampler.coarse.spacing_mm[0]

        def inside(points: NDArray[np.float64]) -> NDArray[np.bool_]:
            cell = np.rint((points - origin) / step).astype(np.intp)[:, ::-1]
            seen = ((cell >= 0) & (cell < lung.shape)).all(axis=1)
            cell[~seen] = 0
            return np.asarray(seen & (lung[tuple(cell.T)] < -1.0))

        tree = grow_lungs(
            self._rng,
            inside,
            body_scale=self.placement.body_scale,
            detail=min(1.0, (_FIELD_MM / step) ** 2),
        )
        lumina = [Tube(points_mm=t.points_mm, radius_mm=0.7 * t.radius_mm) for t in tree.airways]
        return (
            _cover(self.grid, tree.vessels),
            _cover(self.grid, tree.airways),
            _cover(self.grid, lumina),
        )

    def plane(self, index: int) -> FloatArray:
        """Paint plane `index` of the grid, without calcium: HU of shape (n_y, n_x)."""
        field = self._sampler.at(index)
        canvas = Canvas((self.grid.shape[1], self.grid.shape[2]), self.grid.spacing_mm[2])
        texture = tiled(self._texture, index, canvas.hu.shape)
        clouds = tiled(self._clouds, index, canvas.hu.shape)
        self._paint_wall(canvas, field, texture, clouds)
        self._paint_lungs(canvas, field, index, clouds)
        self._paint_abdomen(canvas, field, texture, clouds)
        self._paint_mediastinum(canvas, field, index, texture)
        self._paint_bones(canvas, field, index, texture, clouds)
        self._paint_table(canvas)
        return canvas.hu

    def _paint_wall(
        self, canvas: Canvas, field: FieldPlane, texture: FloatArray, clouds: FloatArray
    ) -> None:
        spec = self.spec
        fat = spec.fat_hu + 5.0 * texture
        if spec.variation.table_hu is not None:  # the back is flat where it lies
            field["skin"] = np.maximum(field["skin"], self._table_top())
            field["muscle"] = np.maximum(field["muscle"], self._table_top() + 3.0)
        canvas.over(field["skin"], _SKIN_HU)
        canvas.over(field["skin"] + 1.4, fat)
        if spec.sex == "F":
            strands = field["gland"] + 9.0 * np.abs(clouds) + 3.0 * texture
            canvas.over(np.maximum(strands, field["skin"] + 5.0), 15.0)
        muscle = spec.muscle_hu + 4.0 * clouds
        # Fat between bundles of muscle, more of it in thin and old muscle.
        marbled = np.clip(texture - 1.1, 0, 1) * (40.0 + 40.0 * (spec.age_years - 45.0) / 35.0)
        canvas.over(field["muscle"] + 0.7 * clouds, muscle - marbled)
        seam = np.abs(field["cavity"] - (RIB_LAYER_MM + 1.5) - 2.0 * clouds) - 1.1
        canvas.over(np.maximum(seam, field["muscle"] + 3.0), spec.fat_hu + 25.0)
        between_ribs = np.abs(field["cavity"] - 6.5) - 4.0
        canvas.over(between_ribs, spec.muscle_hu - 35.0 + 25.0 * clouds)
        canvas.over(field["cavity"], fat)
        beside = np.maximum(field["paraspinal"] + 2.5, field["cavity"] - 3.0)
        canvas.over(beside, spec.muscle_hu - 8.0)

    def _paint_lungs(
        self, canvas: Canvas, field: FieldPlane, index: int, clouds: FloatArray
    ) -> None:
        spec = self.spec
        lung = np.maximum.reduce([field["cavity"] + 1.0, -field["mediastinum"], -field["abdomen"]])
        depth = self._sampler.y[:, None] / 100.0
        air = spec.lung_hu + 18.0 * depth + 9.0 * clouds
        canvas.over(lung, air)
        within = coverage(lung + 0.5, canvas.cell_mm)
        canvas.cover(self._twigs[index] * within, spec.blood_hu)
        canvas.cover(self._bronchi[index] * within, 20.0)
        canvas.cover(self._lumina[index] * within, -950.0)
        if any(spec.variation.atelectasis_mm):
            canvas.over(np.maximum(lung, field["collapsed"] + 4.0 * clouds), 32.0)
        if any(spec.variation.pleural_effusion_mm):
            canvas.over(np.maximum(lung, field["fluid"] + 0.8 * clouds), _WATER_HU + 3.0)

    def _paint_abdomen(
        self, canvas: Canvas, field: FieldPlane, texture: FloatArray, clouds: FloatArray
    ) -> None:
        spec = self.spec
        below = field["abdomen"]
        if below.min() > canvas.cell_mm:
            return
        inner = np.maximum(below, field["cavity"] + 1.0)
        canvas.over(inner, spec.muscle_hu)
        canvas.over(inner + 2.4, spec.fat_hu + 6.0 * texture + 14.0 * np.clip(clouds - 0.6, 0, 2))
        canvas.over(field["spleen"], 50.0)
        canvas.over(field["liver"], spec.liver_hu + 1.5 * clouds)
        canvas.over(field["stomach"], 42.0)
        content = field["stomach"] + 3.5
        canvas.over(content, 25.0 + 7.0 * texture)
        # A patient lies on the back: gas collects in front.
        gas = self._sampler.y[:, None] + (26.0 + 6.0 * np.sin(spec.seed)) + 0 * content
        canvas.over(np.maximum(content, gas), -980.0)
        if spec.variation.colon:
            canvas.over(field["colon"], 35.0)
            canvas.over(field["colon"] + 3.0, -960.0 + 0 * content)
            stool = self._sampler.y[:, None] + 38.0 + 0 * content
            canvas.over(np.maximum(field["colon"] + 3.0, -stool), -60.0 + 60.0 * texture)
        crus = np.maximum(np.abs(field["aorta"] - 5.5) - 2.0, below + 20.0)
        front = 50.0 * self.placement.body_scale[1] - self._sampler.y[:, None]
        canvas.over(np.maximum(crus, front), spec.muscle_hu)

    def _paint_mediastinum(
        self, canvas: Canvas, field: FieldPlane, index: int, texture: FloatArray
    ) -> None:
        spec = self.spec
        sac, solid = field["sac"], field["solid"]
        canvas.over(field["oesophagus"], _WALL_HU)
        if spec.variation.oesophagus_air_mm:
            here = 0.5 + 0.5 * np.sin(self._sampler.z[index] / 14.0 + spec.seed)
            canvas.over(field["oesophagus"] + (6.5 - spec.variation.oesophagus_air_mm * here), -900)
        if spec.variation.hernia_mm:
            canvas.over(field["hernia"], 40.0)
            canvas.over(field["hernia"] + 3.5, 22.0 + 8.0 * texture)
            gas = self._sampler.y[:, None] - (52.0 + 8.0 * np.cos(spec.seed))
            canvas.over(np.maximum(field["hernia"] + 3.5, gas), -950.0)
        if spec.variation.pericardial_effusion_mm:
            canvas.over(field["pericardium"] - 0.7, _WATER_HU + 12.0)
            canvas.over(field["pericardium"] + 0.7, _WATER_HU)
        canvas.over(sac - 0.7, _WATER_HU)
        canvas.over(sac + 0.7, spec.fat_hu + 8.0 + 11.0 * texture)
        canvas.over(solid, spec.blood_hu)
        wall = spec.variation.lv_wall_mm
        muscle = np.maximum(np.abs(field["lv"] + 0.5 + 0.5 * wall) - 0.5 * wall, solid)
        canvas.over(muscle, spec.blood_hu + 4.0)
        canvas.cover(self._vessels[index], spec.blood_hu)
        canvas.over(field["airway"], 25.0)
        canvas.over(field["airway"] + 1.4, -985.0)

    def _paint_calcified(self, canvas: Canvas, cartilage: FloatArray, clouds: FloatArray) -> None:
        """Calcify costal cartilage: its rim first, then clumps within."""
        grade = self.spec.variation.calcified_cartilage
        rim = np.maximum(np.abs(cartilage + 0.8) - 0.4 - 0.9 * grade, 0.3 - grade + 0.5 * clouds)
        canvas.over(rim, 260.0 + 260.0 * grade)
        clump = np.maximum(cartilage + 1.0, 3.0 * (1.9 - 1.3 * grade - clouds))
        canvas.over(clump, 300.0 + 250.0 * grade)

    def _paint_table(self, canvas: Canvas) -> None:
        """Paint two thin shells with foam between; the upper one is where the patient lies."""
        hu = self.spec.variation.table_hu
        if hu is None:
            return
        upper = self._table_top()
        canvas.over(np.maximum(-upper, upper - 45.0), -930.0)
        canvas.over(np.abs(upper - 2.5) - 1.3, hu)
        canvas.over(np.abs(upper - 45.0) - 1.3, hu)

    def _table_top(self) -> FloatArray:
        """Distance above the table, negative within the plane of `plane`."""
        x, y = self._sampler.x[None, :], self._sampler.y[:, None]
        return np.asarray(y - (self._table_mm - x * x / (2 * _TABLE_RADIUS_MM)), np.float32)

    def _paint_bones(
        self,
        canvas: Canvas,
        field: FieldPlane,
        index: int,
        texture: FloatArray,
        clouds: FloatArray,
    ) -> None:
        spec, sampler = self.spec, self._sampler
        scale = self.placement.body_scale
        bones = bone_plane(
            float(sampler.z[index] / scale[2]),
            sampler.x / scale[0],
            sampler.y / scale[1],
            cavity=field["cavity"] / np.float32(spec.reference_mm),
            angle_deg=field["angle_deg"],
            phase=(spec.seed * 0.618) % 1.0,
            variation=spec.variation,
        )
        canvas.over(bones.canal, 25.0)
        canvas.over(bones.disc, _DISC_HU)
        rim = 20.0 + 0.012 * max(spec.age_years - 40.0, 0.0) * 130.0
        canvas.over(bones.cartilage, _CARTILAGE_HU + rim)
        canvas.over(bones.cartilage + 1.4, _CARTILAGE_HU + 6.0 * texture)
        if spec.variation.calcified_cartilage:
            self._paint_calcified(canvas, bones.cartilage, clouds)
        if spec.variation.shoulders:
            canvas.over(field["limb_bone"], _CORTEX_HU)
            canvas.over(field["limb_bone"] + 2.0 * _CORTEX_MM, spec.marrow_hu - 60.0)
        canvas.over(bones.bone, _CORTEX_HU)
        canvas.over(bones.bone + _CORTEX_MM, spec.marrow_hu + 55.0 * texture)
        canvas.over(bones.dense, _DENSE_HU)


def _coarse_grid(fine: Grid, field_mm: float) -> Grid:
    origin = [value - _MARGIN_MM for value in fine.origin_mm]
    counts = [
        int(np.ceil((n * d + 2 * _MARGIN_MM) / field_mm)) + 2
        for n, d in zip(fine.shape, fine.spacing_mm, strict=True)
    ]
    return Grid(
        origin_mm=(origin[0], origin[1], origin[2]),
        spacing_mm=(field_mm,) * 3,
        shape=(counts[0], counts[1], counts[2]),
    )


def _cover(grid: Grid, tubes: Iterable[Tube]) -> NDArray[np.uint8]:
    """Part of each cell that lies in a tube, of 255."""
    out = np.zeros(grid.shape, np.uint8)
    cell = max(grid.spacing_mm)
    for tube in tubes:
        for k in range(len(tube.points_mm) - 1):
            _cover_segment(grid, out, tube, k, cell)
    return out


def _cover_segment(grid: Grid, out: NDArray[np.uint8], tube: Tube, k: int, cell_mm: float) -> None:
    ends = tube.points_mm[k : k + 2]
    pad = float(tube.radius_mm[k : k + 2].max()) + cell_mm
    window = grid.window(ends.min(axis=0) - pad, ends.max(axis=0) + pad)
    part = out[window]
    if part.size == 0:
        return
    inside = coverage(tube.segment_on(grid, window, k), cell_mm)
    share = 255.0 * _thin_share(float(tube.radius_mm[k : k + 2].mean()), cell_mm)
    np.maximum(part, (share * inside).astype(np.uint8), out=part)


def _thin_share(radius_mm: float, cell_mm: float) -> float:
    """Part of `coverage` that a tube thinner than a cell really covers.

    Coverage knows one flat surface; summed over the cross-section of a thin tube, its ramp (a
    truncated cone) gives more than the tube's area. On the fine grids of images that is small and
    makes up for the blur that they do not have.
    """
    if cell_mm < _COARSE_CELL_MM:
        return 1.0
    outer, inner = radius_mm + 0.5 * cell_mm, max(radius_mm - 0.5 * cell_mm, 0.0)
    height = min(0.5 + radius_mm / cell_mm, 1.0)
    return 3.0 * radius_mm**2 / (height * (outer**2 + outer * inner + inner**2))
