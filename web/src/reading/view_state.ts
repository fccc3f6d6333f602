/** What a reader looks at: place, window, slab, tool. Nothing of it is kept after the page. */

import { computed, signal, type Signal } from "@preact/signals";

import type { Grid, Plane, Voxel } from "../viewer/geometry";
import type { Look, Window } from "../viewer/stack";
import type { Volume } from "../viewer/volume";

export type Tool = "assign" | "line" | "brush" | "region" | "window";
export type Layout = "reading" | "axial" | "compare";

export const WINDOWS: readonly { name: string; window: Window }[] = [
  { name: "Calcium", window: { center: 130, width: 800 } },
  { name: "Mediastinum", window: { center: 40, width: 400 } },
  { name: "Bone", window: { center: 400, width: 1800 } },
  { name: "Lung", window: { center: -600, width: 1500 } },
];

export const SLABS_MM = [0, 6, 10, 20, 40, 80] as const;

/** Radius of the brush. */
export const BRUSH_MM = { least: 0.4, most: 5, step: 0.2 } as const;
/** Slices that a region may reach up and down. */
export const MOST_DEPTH = 20;

export class ViewState {
  readonly at: Signal<Voxel>;
  readonly window: Signal<Window> = signal(WINDOWS[0]?.window ?? { center: 130, width: 800 });
  /** Thickness of the projection of the main pane; 0 shows single slices. */
  readonly slabMm = signal(0);
  /** Thickness of the projection in its own pane. */
  readonly projectionMm = signal(40);
  readonly tool: Signal<Tool> = signal("assign");
  readonly layout: Signal<Layout> = signal("reading");
  readonly activeSite: Signal<string> = signal("LAD");
  readonly hovered: Signal<number | null> = signal(null);
  readonly selected: Signal<number | null> = signal(null);
  readonly showAll = signal(false);
  readonly showOverlay = signal(true);
  readonly showCross = signal(false);
  readonly isWhyOpen = signal(false);
  readonly brushMm = signal(1.5);
  readonly regionDepth = signal(0);
  /** Where the pointer is in the axial images, as long as a brush is shown there. */
  readonly pointer: Signal<{ u: number; v: number } | null> = signal(null);
  readonly stroke: Signal<{ u: number; v: number }[]> = signal([]);
  readonly look: Signal<Look | null> = signal(null);
  readonly focus = computed(() => this.hovered.value ?? this.selected.value);

  constructor(readonly grid: Grid) {
    const [nz, ny, nx] = grid.shape;
    this.at = signal({ z: Math.floor(nz / 2), y: Math.floor(ny / 2), x: Math.floor(nx / 2) });
  }

  moveTo(at: Partial<Voxel>): void {
    const [nz, ny, nx] = this.grid.shape;
    const clip = (value: number, count: number) => Math.min(Math.max(Math.round(value), 0), count - 1);
    const now = this.at.value;
    const next = {
      z: clip(at.z ?? now.z, nz),
      y: clip(at.y ?? now.y, ny),
      x: clip(at.x ?? now.x, nx),
    };
    if (next.z !== now.z || next.y !== now.y || next.x !== now.x) this.at.value = next;
  }

  deepen(slices: number): void {
    this.regionDepth.value = Math.min(Math.max(0, Math.round(slices)), MOST_DEPTH);
  }

  /** Makes the brush, or the depth of a region, larger or smaller by one step. */
  resizeTool(by: 1 | -1): void {
    if (this.tool.value === "region") this.deepen(this.regionDepth.value + by);
    const mm = this.brushMm.value + by * BRUSH_MM.step;
    const kept = Math.min(Math.max(mm, BRUSH_MM.least), BRUSH_MM.most);
    if (this.tool.value === "brush") this.brushMm.value = Math.round(kept * 10) / 10;
  }

  step(plane: Plane, steps: number): void {
    const now = this.at.value;
    if (plane === "axial") this.moveTo({ z: now.z + steps });
    if (plane === "coronal") this.moveTo({ y: now.y - steps });
    if (plane === "sagittal") this.moveTo({ x: now.x + steps });
  }
}

export type Opened = { volume: Volume; view: ViewState };
