import { describe, expect, test } from "vitest";

import { middleOf, samePlace } from "../src/viewer/align";
import type { Grid } from "../src/viewer/geometry";
import { Volume } from "../src/viewer/volume";

const DIRECTION = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** A chest of an ellipse and a slanted bar in air, its middle at a place in mm. */
function chest(grid: Grid, [cz, cy, cx]: [number, number, number], mirror = 1): Volume {
  const volume = new Volume(grid);
  const [nz, ny, nx] = grid.shape;
  const hu = new Int16Array(nz * ny * nx).fill(-900);
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) {
        const [a, b, c] = [z * grid.spacing[0] - cz, mirror * (y * grid.spacing[1] - cy), mirror * (x * grid.spacing[2] - cx)];
        const at = (z * ny + y) * nx + x;
        if ((a / 40) ** 2 + ((b - 0.3 * a) / 45) ** 2 + ((c + 0.2 * a) / 55) ** 2 < 1) hu[at] = 40;
        if (Math.abs(b - 30 - a / 3) < 8 && Math.abs(c) < 10) hu[at] = 500;
      }
    }
  }
  volume.put(0, hu);
  return volume;
}

const coarse: Grid = { shape: [40, 64, 64], spacing: [3, 2.5, 2.5], origin: [0, 0, 0], direction: DIRECTION };
const fine: Grid = { shape: [60, 80, 80], spacing: [2, 2, 2], origin: [0, 0, 0], direction: DIRECTION };

describe("the same place in another scan", () => {
  test("is found by what the images show, though the guess is off and the voxels are others", () => {
    const here = chest(coarse, [60, 80, 80]);
    const there = chest(fine, [69, 71, 88]);
    // the middle of one lies at (60, 80, 80) mm, that of the other at (69, 71, 88) mm: voxels of 2 mm
    const found = samePlace(here, [20, 32, 32], there, [26, 44, 36]);
    expect(Math.abs(found[0] * 2 - 69)).toBeLessThanOrEqual(1.5);
    expect(Math.abs(found[1] * 2 - 71)).toBeLessThanOrEqual(1.5);
    expect(Math.abs(found[2] * 2 - 88)).toBeLessThanOrEqual(1.5);
  });

  test("is the place itself in the same scan", () => {
    const here = chest(coarse, [60, 80, 80]);
    expect(samePlace(here, [20, 32, 32], here, [20, 32, 32])).toEqual([20, 32, 32]);
  });

  test("is found in a scan whose axes run the other way", () => {
    const turned: Grid = { ...coarse, direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] };
    const here = chest(coarse, [60, 80, 80]);
    const found = samePlace(here, [20, 32, 32], chest(turned, [66, 90, 70], -1), [20, 32, 32]);
    expect(Math.abs(found[0] * 3 - 66)).toBeLessThanOrEqual(2);
    expect(Math.abs(found[1] * 2.5 - 90)).toBeLessThanOrEqual(2);
    expect(Math.abs(found[2] * 2.5 - 70)).toBeLessThanOrEqual(2);
  });

  test("stays as guessed where the scans have too little in common", () => {
    const small: Grid = { ...coarse, shape: [4, 8, 8] };
    expect(samePlace(chest(coarse, [60, 80, 80]), [20, 32, 32], chest(small, [6, 10, 10]), [1, 2, 3])).toEqual([1, 2, 3]);
    expect(middleOf(small)).toEqual([1.5, 3.5, 3.5]);
  });
});
