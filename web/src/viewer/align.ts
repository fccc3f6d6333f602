/** Where a place of one scan lies in another scan of the same person, by what the images show. */

import type { Grid } from "./geometry";
import type { Volume } from "./volume";

/** [z, y, x] in voxels. */
export type Place = readonly [number, number, number];
type Shift = [number, number, number];

// lung, fat, soft tissue and bone differ between these; noise, contrast and metal beyond them do not count
const LOW_HU = -300;
const HIGH_HU = 300;
// how far apart the places are that are compared, at first and later
const FIRST_POINT_MM: Place = [6, 10, 10];
const LATER_POINT_MM: Place = [3, 7, 7];
const REACH: Place = [9, 3, 3]; // steps of the first search to both sides
const FIRST_STEP_MM: Place = [3, 8, 8];
const LATER_STEPS_MM: readonly Place[] = [[3, 4, 4], [1.5, 2, 2], [1, 1, 1]];
const LEAST_OVERLAP = 0.5;
const MOST_STEPS = 12;

export function middleOf(grid: Grid): Place {
  const [nz, ny, nx] = grid.shape;
  return [(nz - 1) / 2, (ny - 1) / 2, (nx - 1) / 2];
}

/**
 * The place in `there` that is the same as `from` in `here`; `to` is a first guess, right within 27 mm.
 *
 * Two exams of a person have no frame in common: the patient lies elsewhere, and breathes. The scans are moved against each other, without
 * turning them, until they differ least.
 */
export function samePlace(here: Volume, from: Place, there: Volume, to: Place): Place {
  const sign = signs(here.grid, there.grid);
  let points = sampled(here, from, FIRST_POINT_MM);
  const differ = (shift: Shift): number => difference(points, there, sign, to, shift);
  let best: Shift = [0, 0, 0];
  let least = differ(best);
  const attempt = (shift: Shift): void => {
    const found = differ(shift);
    if (found < least) [least, best] = [found, shift];
  };
  around([0, 0, 0], FIRST_STEP_MM, REACH, attempt);
  points = sampled(here, from, LATER_POINT_MM);
  least = differ(best);
  for (const step of LATER_STEPS_MM) {
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const before = best;
      around(best, step, [1, 1, 1], attempt);
      if (best === before) break;
    }
  }
  const { spacing } = there.grid;
  return [to[0] + best[0] / spacing[0], to[1] + best[1] / spacing[1], to[2] + best[2] / spacing[2]];
}

function around(centre: Shift, step: Place, reach: Place, call: (shift: Shift) => void): void {
  for (let i = -reach[0]; i <= reach[0]; i++) {
    for (let j = -reach[1]; j <= reach[1]; j++) {
      for (let k = -reach[2]; k <= reach[2]; k++) {
        call([centre[0] + i * step[0], centre[1] + j * step[1], centre[2] + k * step[2]]);
      }
    }
  }
}

type Points = { mm: Float32Array; hu: Int16Array };

/** Values of a scan at places that are evenly spread, and how far each is from one place, in mm. */
function sampled({ grid, hu }: Volume, from: Place, apartMm: Place): Points {
  const [nz, ny, nx] = grid.shape;
  const steps = grid.spacing.map((mm, axis) => Math.max(1, Math.round((apartMm[axis] as number) / mm))) as Shift;
  const mm: number[] = [];
  const values: number[] = [];
  for (let z = 0; z < nz; z += steps[0]) {
    for (let y = 0; y < ny; y += steps[1]) {
      for (let x = 0; x < nx; x += steps[2]) {
        mm.push((z - from[0]) * grid.spacing[0], (y - from[1]) * grid.spacing[1], (x - from[2]) * grid.spacing[2]);
        values.push(clamped(hu[(z * ny + y) * nx + x] as number));
      }
    }
  }
  return { mm: Float32Array.from(mm), hu: Int16Array.from(values) };
}

/** Whether an axis runs the other way in the other scan, as of a patient who lies on the belly. */
function signs(here: Grid, there: Grid): Shift {
  const sign = (at: number): number => ((here.direction[at] ?? 1) * (there.direction[at] ?? 1) < 0 ? -1 : 1);
  return [sign(8), sign(4), sign(0)];
}

/** Mean square of the differences where both scans are; endless where that is too little. */
function difference(points: Points, { grid, hu }: Volume, sign: Shift, to: Place, shift: Shift): number {
  const [nz, ny, nx] = grid.shape;
  const [dz, dy, dx] = grid.spacing;
  let sum = 0;
  let count = 0;
  for (let i = 0, at = 0; i < points.hu.length; i++, at += 3) {
    const z = Math.round(to[0] + (sign[0] * (points.mm[at] as number) + shift[0]) / dz);
    const y = Math.round(to[1] + (sign[1] * (points.mm[at + 1] as number) + shift[1]) / dy);
    const x = Math.round(to[2] + (sign[2] * (points.mm[at + 2] as number) + shift[2]) / dx);
    if (z < 0 || y < 0 || x < 0 || z >= nz || y >= ny || x >= nx) continue;
    const by = (points.hu[i] as number) - clamped(hu[(z * ny + y) * nx + x] as number);
    sum += by * by;
    count += 1;
  }
  return count < LEAST_OVERLAP * points.hu.length ? Number.POSITIVE_INFINITY : sum / count;
}

function clamped(hu: number): number {
  return hu < LOW_HU ? LOW_HU : hu > HIGH_HU ? HIGH_HU : hu;
}
