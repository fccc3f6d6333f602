/** What a reader does to candidates, as edits of the review. */

import { flatIndex, fromPlane, isInside, type Point } from "../viewer/geometry";
import type { Candidate } from "../api/types";
import { disc, thinned } from "./outline";
import type { ReviewStore } from "./review_store";
import { steps } from "./sites";
import type { ViewState } from "./view_state";

const LEAST_POINT_DISTANCE = 0.4;
const NEAR_LINE_PX = 1.5;

/** The site that a click gives: the active one, and none where it has that site already. */
export function siteAfterClick(one: Pick<Candidate, "site">, active: string): string | null {
  return one.site === active ? null : active;
}

export async function assign(store: ReviewStore, id: number, site: string | null): Promise<boolean> {
  return store.edit({ type: "assign", candidates: [id], site });
}

export async function actOn(store: ReviewStore, view: ViewState, id: number): Promise<void> {
  const one = store.candidates.value.get(id);
  if (one) await assign(store, id, siteAfterClick(one, view.activeSite.value));
}

/** The candidate that a line crosses: the one with most of its points. */
export function crossed(
  points: readonly Point[],
  at: (u: number, v: number) => number | null,
): number | null {
  const [from, to] = [points[0], points[points.length - 1]];
  if (!from || !to) return null;
  const length = Math.max(Math.hypot(to.u - from.u, to.v - from.v), 1);
  const count = new Map<number, number>();
  for (let step = 0; step <= length * 2; step++) {
    const part = step / (length * 2);
    const u = from.u + (to.u - from.u) * part;
    const v = from.v + (to.v - from.v) * part;
    const id = around(u, v, at);
    if (id !== null) count.set(id, (count.get(id) ?? 0) + 1);
  }
  const most = [...count].sort((a, b) => b[1] - a[1])[0];
  return most ? most[0] : null;
}

function around(u: number, v: number, at: (u: number, v: number) => number | null): number | null {
  const here = at(Math.round(u), Math.round(v));
  if (here !== null) return here;
  for (const near of disc({ u, v }, NEAR_LINE_PX)) {
    const id = at(near.u, near.v);
    if (id !== null) return id;
  }
  return null;
}

/** Ends a stroke of a drawing tool in the axial pane. */
export async function endStroke(store: ReviewStore, view: ViewState, points: Point[]): Promise<void> {
  const tool = view.tool.value;
  const { grid } = view;
  const z = view.at.value.z;
  const place = (point: Point): [number, number] => {
    const voxel = fromPlane(grid, "axial", point, z);
    return [round2(voxel.y), round2(voxel.x)];
  };
  const at = (u: number, v: number): number | null => {
    const voxel = fromPlane(grid, "axial", { u, v }, z);
    return isInside(grid, voxel) ? store.labels.at(flatIndex(grid, voxel)) : null;
  };
  if (tool === "line") {
    const id = preferred(store, view, crossed(points, at));
    const [from, to] = [points[0], points[points.length - 1]];
    if (id === null || !from || !to || Math.hypot(to.u - from.u, to.v - from.v) < 1) {
      return store.say("info", "Draw the line across a candidate.");
    }
    await split(store, view, { type: "split_line", candidate: id, z, from: place(from), to: place(to), through: "all" });
  } else if (tool === "brush") {
    const voxels = painted(view, points);
    const id = mostOf(voxels.map((voxel) => store.labels.at(voxel)));
    if (id === null) return store.say("info", "Paint over a part of a candidate.");
    const mine = voxels.filter((voxel) => store.labels.at(voxel) === id);
    await split(store, view, { type: "split_brush", candidate: id, voxels: mine });
  } else if (tool === "region") {
    const polygon = thinned(points, LEAST_POINT_DISTANCE).map(place);
    if (polygon.length < 3) return store.say("info", "Draw around what belongs to the site.");
    const depth = view.regionDepth.value;
    await store.edit({
      type: "region",
      z0: Math.max(0, z - depth),
      z1: Math.min(grid.shape[0] - 1, z + depth),
      polygon,
      site: view.activeSite.value,
    });
  }
}

/** After a split the smaller new part is selected: it is what one wanted to part. */
async function split(
  store: ReviewStore,
  view: ViewState,
  edit: Parameters<ReviewStore["edit"]>[0],
): Promise<void> {
  const before = new Set(store.candidates.value.keys());
  if (!(await store.edit(edit))) return;
  const parts = [...store.candidates.value.values()].filter((one) => !before.has(one.id));
  const smallest = parts.sort((a, b) => a.volume_mm3 - b.volume_mm3)[0];
  view.selected.value = smallest?.id ?? null;
  view.tool.value = "assign";
  store.say("info", `Split into ${parts.length} parts. Choose a site and press Enter, or click a part.`);
}

function preferred(store: ReviewStore, view: ViewState, found: number | null): number | null {
  return found ?? (view.selected.value !== null && store.candidates.value.has(view.selected.value) ? view.selected.value : null);
}

function painted(view: ViewState, points: readonly Point[]): number[] {
  const { grid } = view;
  const radius = view.brushMm.value / grid.spacing[2];
  const found = new Set<number>();
  for (const point of points) {
    for (const pixel of disc(point, radius)) {
      const voxel = fromPlane(grid, "axial", pixel, view.at.value.z);
      if (isInside(grid, voxel)) found.add(flatIndex(grid, voxel));
    }
  }
  return [...found].sort((a, b) => a - b);
}

function mostOf(ids: readonly (number | null)[]): number | null {
  const count = new Map<number, number>();
  for (const id of ids) if (id !== null) count.set(id, (count.get(id) ?? 0) + 1);
  return [...count].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

/** Goes to the next or previous candidate and shows it. */
export function stepCandidate(store: ReviewStore, view: ViewState, by: 1 | -1): void {
  const list = steps(store.candidates.value.values(), view.showAll.value);
  if (list.length === 0) return;
  const now = list.findIndex((one) => one.id === view.selected.value);
  const next = list[now < 0 ? (by > 0 ? 0 : list.length - 1) : (now + by + list.length) % list.length];
  if (next) show(view, next);
}

export function show(view: ViewState, one: Candidate): void {
  view.selected.value = one.id;
  const [z, y, x] = one.centroid;
  // the centre of a candidate that is bent over several slices can lie in a slice without it
  const slice = nearestOf(one.slices, z);
  view.moveTo({ z: slice ?? z, y, x });
}

function nearestOf(values: readonly number[], wanted: number): number | null {
  let best: number | null = null;
  for (const value of values) if (best === null || Math.abs(value - wanted) < Math.abs(best - wanted)) best = value;
  return best;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
