/** Planes of a scan: which voxel is where on the screen. Arrays are (z, y, x); z ascends to the head. */

export type Plane = "axial" | "coronal" | "sagittal";
export type Voxel = { z: number; y: number; x: number };
export type Point = { u: number; v: number };

/** What is needed of a scan to draw it. */
export type Grid = {
  /** [z, y, x] */
  shape: readonly [number, number, number];
  /** [dz, dy, dx] in mm */
  spacing: readonly [number, number, number];
  /** Position of voxel (0, 0, 0), LPS in mm, as [x, y, z] */
  origin: readonly [number, number, number];
  /** 3 x 3, row-major; its columns are the directions of x, y and z in LPS */
  direction: readonly number[];
};

/** Size of the images of a plane, and of their pixels in mm. */
export type PlaneSize = {
  width: number;
  height: number;
  count: number;
  pixelWidth: number;
  pixelHeight: number;
  /** Distance of neighbouring images in mm. */
  step: number;
};

export function planeSize(grid: Grid, plane: Plane): PlaneSize {
  const [nz, ny, nx] = grid.shape;
  const [dz, dy, dx] = grid.spacing;
  switch (plane) {
    case "axial":
      return { width: nx, height: ny, count: nz, pixelWidth: dx, pixelHeight: dy, step: dz };
    case "coronal":
      return { width: nx, height: nz, count: ny, pixelWidth: dx, pixelHeight: dz, step: dy };
    case "sagittal":
      return { width: ny, height: nz, count: nx, pixelWidth: dy, pixelHeight: dz, step: dx };
  }
}

/** Whether x has to be mirrored so that the patient's left is on the right of the screen. */
export function mirrorsX(grid: Grid): boolean {
  return (grid.direction[0] ?? 1) < 0;
}

/** Whether y has to be mirrored so that the patient's front is at the top of axial images. */
export function mirrorsY(grid: Grid): boolean {
  return (grid.direction[4] ?? 1) < 0;
}

/** Pixel of a voxel in a plane, and which image of the plane it is in. */
export function toPlane(grid: Grid, plane: Plane, at: Voxel): Point & { k: number } {
  const [nz, ny, nx] = grid.shape;
  const x = mirrorsX(grid) ? nx - 1 - at.x : at.x;
  const y = mirrorsY(grid) ? ny - 1 - at.y : at.y;
  const down = nz - 1 - at.z;
  switch (plane) {
    case "axial":
      return { u: x, v: y, k: at.z };
    case "coronal":
      return { u: x, v: down, k: at.y };
    case "sagittal":
      return { u: y, v: down, k: at.x };
  }
}

/** The inverse of `toPlane`. */
export function fromPlane(grid: Grid, plane: Plane, at: Point, k: number): Voxel {
  const [nz, ny, nx] = grid.shape;
  const x = (u: number) => (mirrorsX(grid) ? nx - 1 - u : u);
  const y = (v: number) => (mirrorsY(grid) ? ny - 1 - v : v);
  switch (plane) {
    case "axial":
      return { z: k, y: y(at.v), x: x(at.u) };
    case "coronal":
      return { z: nz - 1 - at.v, y: k, x: x(at.u) };
    case "sagittal":
      return { z: nz - 1 - at.v, y: y(at.u), x: k };
  }
}

/** Flat index of a voxel in C order. */
export function flatIndex(grid: Grid, at: Voxel): number {
  return (at.z * grid.shape[1] + at.y) * grid.shape[2] + at.x;
}

export function voxelOf(grid: Grid, index: number): Voxel {
  const [, ny, nx] = grid.shape;
  const x = index % nx;
  const rest = (index - x) / nx;
  const y = rest % ny;
  return { z: (rest - y) / ny, y, x };
}

export function isInside(grid: Grid, at: Voxel): boolean {
  const [nz, ny, nx] = grid.shape;
  return at.z >= 0 && at.y >= 0 && at.x >= 0 && at.z < nz && at.y < ny && at.x < nx;
}

/** Position in the patient, LPS in mm. */
export function toPatient(grid: Grid, at: Voxel): [number, number, number] {
  const [dz, dy, dx] = grid.spacing;
  const d = grid.direction;
  const step = [at.x * dx, at.y * dy, at.z * dz] as const;
  const row = (r: number) =>
    (grid.origin[r] ?? 0) +
    (d[3 * r] ?? 0) * step[0] +
    (d[3 * r + 1] ?? 0) * step[1] +
    (d[3 * r + 2] ?? 0) * step[2];
  return [row(0), row(1), row(2)];
}

/** The inverse of `toPatient`; the directions are orthonormal. */
export function fromPatient(grid: Grid, [px, py, pz]: readonly [number, number, number]): Voxel {
  const [dz, dy, dx] = grid.spacing;
  const d = grid.direction;
  const mm = [px - (grid.origin[0] ?? 0), py - (grid.origin[1] ?? 0), pz - (grid.origin[2] ?? 0)] as const;
  const along = (axis: number) => (d[axis] ?? 0) * mm[0] + (d[3 + axis] ?? 0) * mm[1] + (d[6 + axis] ?? 0) * mm[2];
  return { z: along(2) / dz, y: along(1) / dy, x: along(0) / dx };
}

/** The place that a sentence names, such as "at (30, -144, -172) mm" or "at 30 / -144 / -172 mm (LPS)". */
export function placeIn(text: string, grid: Grid): Voxel | null {
  const found = /(-?\d+)(?:, | \/ )(-?\d+)(?:, | \/ )(-?\d+)\)? mm/.exec(text);
  if (!found) return null;
  const at = fromPatient(grid, [Number(found[1]), Number(found[2]), Number(found[3])]);
  const voxel = { z: Math.round(at.z), y: Math.round(at.y), x: Math.round(at.x) };
  return isInside(grid, voxel) ? voxel : null;
}

/** Letters at the edges of a plane: what of the patient is left, right, top and bottom. */
export function edgeLetters(plane: Plane): { left: string; right: string; top: string; bottom: string } {
  switch (plane) {
    case "axial":
      return { left: "R", right: "L", top: "A", bottom: "P" };
    case "coronal":
      return { left: "R", right: "L", top: "H", bottom: "F" };
    case "sagittal":
      return { left: "A", right: "P", top: "H", bottom: "F" };
  }
}

/**
 * The slice of another exam at the same anatomical level.
 *
 * Two exams of a person have no frame in common, so that table positions say nothing: each has an
 * anchor, a slice (if need be between two) that is at the level of the other's.
 */
export function matchingSlice(
  z: number,
  here: { grid: Grid; anchor: number },
  there: { grid: Grid; anchor: number },
): number {
  const mm = (z - here.anchor) * here.grid.spacing[0];
  const slice = Math.round(there.anchor + mm / there.grid.spacing[0]);
  return Math.min(Math.max(slice, 0), there.grid.shape[0] - 1);
}
