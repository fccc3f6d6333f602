import { expect, test } from "vitest";

import { withSquarePixels } from "../src/viewer/isotropic";
import { planeSize, type Grid } from "../src/viewer/geometry";
import { Volume, chunkOrder, slabAround } from "../src/viewer/volume";

const grid: Grid = { shape: [2, 2, 3], spacing: [2, 1, 1], origin: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
// slice 0: 0 1 2 / 3 4 5; slice 1: 6 7 8 / 9 10 11
const values = Int16Array.from({ length: 12 }, (_, i) => i);

function full(of: Grid = grid): Volume {
  const volume = new Volume(of);
  volume.put(0, values);
  return volume;
}

test("slices are air until they come", () => {
  const volume = new Volume(grid);
  volume.put(1, values.slice(6));
  expect(volume.hasSlice(0)).toBe(false);
  expect(volume.fraction).toBe(0.5);
  expect([...volume.image("axial", 0)]).toEqual([-1024, -1024, -1024, -1024, -1024, -1024]);
  expect([...volume.image("axial", 1)]).toEqual([6, 7, 8, 9, 10, 11]);
});

test("coronal and sagittal images have the uppermost slice in the first row", () => {
  expect([...full().image("coronal", 1)]).toEqual([9, 10, 11, 3, 4, 5]);
  expect([...full().image("sagittal", 2)]).toEqual([8, 11, 2, 5]);
});

test("a mirrored scan is mirrored in all planes alike", () => {
  const other = full({ ...grid, direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] });
  expect([...other.image("axial", 0)]).toEqual([5, 4, 3, 2, 1, 0]);
  expect([...other.image("coronal", 1)]).toEqual([11, 10, 9, 5, 4, 3]);
});

test("a slab shows the greatest value along the line of sight", () => {
  expect([...full().image("axial", 0, { from: 0, to: 1 })]).toEqual([6, 7, 8, 9, 10, 11]);
  expect([...full().image("coronal", 0, { from: 0, to: 1 })]).toEqual([9, 10, 11, 3, 4, 5]);
});

test("a slab is as thick as was asked for, and stays in the scan", () => {
  // 9 mm of slices every 3 mm are three slices
  expect(slabAround(5, 9, 3, 20)).toEqual({ from: 4, to: 6 });
  expect(slabAround(0, 9, 3, 20)).toEqual({ from: 0, to: 1 });
  expect(slabAround(5, 1, 3, 20)).toEqual({ from: 5, to: 5 });
});

test("what is looked at comes first", () => {
  expect(chunkOrder(10, 5, 4)).toEqual([[4, 8], [0, 4], [8, 10]]);
});

test("rows between slices are made linearly, and the field stays the same", () => {
  // two rows of 2 mm become four of 1 mm: centres at -0.25, 0.25, 0.75 and 1.25 rows
  const size = planeSize(grid, "sagittal");
  expect([...withSquarePixels(Int16Array.from([0, 0, 100, 100]), size)]).toEqual([0, 0, 25, 25, 75, 75, 100, 100]);
});
