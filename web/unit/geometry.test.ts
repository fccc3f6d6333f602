import { describe, expect, test } from "vitest";

import { fromPatient, fromPlane, matchingSlice, placeIn, planeSize, toPatient, toPlane, voxelOf, flatIndex, type Grid } from "../src/viewer/geometry";

const grid: Grid = { shape: [4, 5, 6], spacing: [3, 0.5, 0.4], origin: [10, 20, 30], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
const mirrored: Grid = { ...grid, direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] };

describe("planes", () => {
  test("the head is at the top of coronal and sagittal images", () => {
    // the uppermost of four slices is row 0
    expect(toPlane(grid, "coronal", { z: 3, y: 2, x: 1 })).toEqual({ u: 1, v: 0, k: 2 });
    expect(toPlane(grid, "sagittal", { z: 0, y: 2, x: 1 })).toEqual({ u: 2, v: 3, k: 1 });
  });

  test("a scan stored from left to right is mirrored, so that the left is on the right", () => {
    expect(toPlane(mirrored, "axial", { z: 1, y: 0, x: 0 })).toEqual({ u: 5, v: 4, k: 1 });
  });

  test.each(["axial", "coronal", "sagittal"] as const)("%s: there and back is where it began", (plane) => {
    for (const one of [grid, mirrored]) {
      const at = { z: 1, y: 3, x: 4 };
      const { u, v, k } = toPlane(one, plane, at);
      expect(fromPlane(one, plane, { u, v }, k)).toEqual(at);
    }
  });

  test("a coronal image is as wide as a row and as high as the scan", () => {
    expect(planeSize(grid, "coronal")).toEqual({ width: 6, height: 4, count: 5, pixelWidth: 0.4, pixelHeight: 3, step: 0.5 });
  });
});

test("the flat index of a voxel leads back to it", () => {
  // (1 * 5 + 3) * 6 + 4 = 52
  expect(flatIndex(grid, { z: 1, y: 3, x: 4 })).toBe(52);
  expect(voxelOf(grid, 52)).toEqual({ z: 1, y: 3, x: 4 });
});

test("a place in the patient is the origin and the steps along the axes", () => {
  // x: 10 + 2 * 0.4, y: 20 + 1 * 0.5, z: 30 + 3 * 3
  expect(toPatient(grid, { z: 3, y: 1, x: 2 })).toEqual([10.8, 20.5, 39]);
});

describe("the slice of another exam at the same level", () => {
  const thin: Grid = { ...grid, shape: [40, 5, 6], spacing: [1.5, 0.5, 0.4] };

  test("is as many millimetres from the anchor", () => {
    // 2 slices of 3 mm above the calcium at 1 are 4 slices of 1.5 mm above that at 20
    expect(matchingSlice(3, { grid, anchor: 1 }, { grid: thin, anchor: 20 })).toBe(24);
  });

  test("is rounded to a slice where the anchor lies between two", () => {
    // slice 3 is 1.5 slices of 3 mm above 1.5: 3 slices of 1.5 mm above 19.6
    expect(matchingSlice(3, { grid, anchor: 1.5 }, { grid: thin, anchor: 19.6 })).toBe(23);
  });

  test("stays in the scan", () => {
    expect(matchingSlice(0, { grid, anchor: 3 }, { grid: thin, anchor: 1 })).toBe(0);
  });
});

test("places of the patient lead back to their voxels, also in a scan that is turned", () => {
  // x runs to the right of the patient, y to the front: both axes are turned
  const grid = {
    shape: [20, 50, 60] as [number, number, number],
    spacing: [3, 0.5, 0.4] as [number, number, number],
    origin: [10, 20, -90] as [number, number, number],
    direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1],
  };
  const at = { z: 7, y: 31, x: 12 };
  const back = fromPatient(grid, toPatient(grid, at));
  expect(back.z).toBeCloseTo(7);
  expect(back.y).toBeCloseTo(31);
  expect(back.x).toBeCloseTo(12);
  // x = 10 - 12 * 0.4 = 5.2, y = 20 - 31 * 0.5 = 4.5, z = -90 + 21 = -69
  expect(placeIn("a lesion at (5, 5, -69) mm is doubtful", grid)).toEqual({ z: 7, y: 30, x: 13 });
  expect(placeIn("metal at 5 / 5 / -69 mm (LPS)", grid)).toEqual({ z: 7, y: 30, x: 13 });
  expect(placeIn("a lesion at (500, 5, -69) mm", grid)).toBeNull();
  expect(placeIn("the noise is 90 HU", grid)).toBeNull();
});
