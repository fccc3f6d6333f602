/** Keeps one pane in step with the view and the review. */

import { effect } from "@preact/signals";

import {
  fromPlane,
  isInside,
  planeSize,
  toPlane,
  voxelOf,
  type Plane,
  type PlaneSize,
  type Point,
} from "../viewer/geometry";
import { listenToGestures, type DragMeaning } from "../viewer/gestures";
import { drawScene, type Scene, type ShownCandidate } from "../viewer/overlay";
import { StackPane, type Look } from "../viewer/stack";
import { slabAround, type Slab, type Volume } from "../viewer/volume";
import { nearest, type Pixel } from "./outline";
import type { ReviewStore } from "./review_store";
import { isQuiet, isVessel, siteColour } from "./sites";
import type { ViewState } from "./view_state";

export type PaneParts = {
  frame: HTMLElement;
  pixels: HTMLDivElement;
  canvas: HTMLCanvasElement;
  volume: Volume;
  view: ViewState;
  store: ReviewStore | null;
  plane: Plane;
  isProjection: boolean;
  isMain: boolean;
  canEdit: () => boolean;
  onAct: (candidate: number) => void;
  onStroke: (points: Point[]) => void;
};

const HIT_RADIUS_PX = 6;
const DRAWN_WHILE_LOADING = 2;
/** A pane starts on the heart, not on the arms of the table: this much of the width is shown. */
const FIRST_ZOOM = 1.45;

export class PaneController {
  private readonly stack: StackPane;
  private readonly size: PlaneSize;
  private readonly stops: (() => void)[] = [];
  private look: Look;
  private pixels: Pixel[] = [];
  private isOwnLook = false;
  private shownKey = "";
  private isStale = true;
  /** Between asking for an image and its being drawn: the calcium of one lies never on another. */
  private isAhead = false;
  private isStrokeEnded = false;
  private frame = 0;

  constructor(private readonly parts: PaneParts) {
    const { volume, plane, view, pixels } = parts;
    this.size = planeSize(volume.grid, plane);
    this.stack = new StackPane(pixels, this.size, this.image(), view.window.value);
    this.look = this.firstLook();
    this.showLook(this.look);
    // with the image, not a frame after it
    this.stack.onDrawn = () => {
      if (parts.isMain) performance.mark("corcal image drawn");
      this.isAhead = false;
      this.drawNow();
    };
    this.stops.push(
      effect(() => this.followPlace()),
      effect(() => this.stack.setWindow(view.window.value)),
      effect(() => this.followReview()),
      effect(() => this.followMarks()),
      this.followLook(),
      this.followSize(),
      listenToGestures(parts.frame, this.gestures()),
    );
    // what an end-to-end test asks: where on the screen is this voxel?
    (parts.frame as HTMLElement & { corcalPane?: PaneController }).corcalPane = this;
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    for (const stop of this.stops) stop();
    this.stack.destroy();
  }

  /** Other voxels have arrived: what is shown may be old. */
  voxelsCame(): void {
    this.followPlace();
  }

  /** How much of what this image needs is here: it is drawn anew when that has grown. */
  private arrived(slab: Slab): number {
    const { volume, plane, isProjection } = this.parts;
    if (plane === "axial" && !isProjection) {
      let count = 0;
      for (let z = slab.from; z <= slab.to; z++) if (volume.hasSlice(z)) count += 1;
      return count;
    }
    // images across all slices are drawn a few times while the scan comes, not with every chunk
    return Math.floor(volume.fraction * DRAWN_WHILE_LOADING);
  }

  screenOf(z: number, y: number, x: number): { x: number; y: number } {
    const { u, v } = toPlane(this.parts.volume.grid, this.parts.plane, { z, y, x });
    const to = this.stack.toScreen();
    const box = this.parts.frame.getBoundingClientRect();
    return { x: box.left + u * to.ax + to.bx, y: box.top + v * to.ay + to.by };
  }

  fit(): void {
    this.setLook(this.firstLook());
    this.isOwnLook = false;
  }

  private slice(): number {
    const at = this.parts.view.at.value;
    return toPlane(this.parts.volume.grid, this.parts.plane, at).k;
  }

  private slab(): Slab {
    const { view, plane, isProjection } = this.parts;
    const k = this.slice();
    const mm = isProjection ? view.projectionMm.value : plane === "axial" ? view.slabMm.value : 0;
    return mm > 0 ? slabAround(k, mm, this.size.step, this.size.count) : { from: k, to: k };
  }

  private image(): Int16Array {
    return this.parts.volume.image(this.parts.plane, this.slice(), this.slab());
  }

  private firstLook(): Look {
    const look = this.stack.fitting();
    if (this.parts.plane !== "axial") {
      const { clientWidth, clientHeight } = this.parts.pixels;
      // the whole height of the scan, and of the width what there is room for
      const mm = Math.max(
        (this.size.height * this.size.pixelHeight) / Math.max(clientHeight, 1),
        (this.size.width * this.size.pixelWidth) / Math.max(clientWidth, 1) / FIRST_ZOOM,
      );
      return { ...look, mmPerPixel: mm };
    }
    return { ...look, mmPerPixel: look.mmPerPixel / FIRST_ZOOM };
  }

  private setLook(look: Look): void {
    this.isOwnLook = true;
    this.showLook(look);
  }

  private showLook(look: Look): void {
    this.look = look;
    this.stack.setLook(look);
    if (this.parts.isMain) this.parts.view.look.value = look;
  }

  /** The earlier exam beside this one, which is shown as large as this one. */
  private get isFollower(): boolean {
    return !this.parts.isMain && this.parts.plane === "axial" && !this.parts.isProjection;
  }

  private followPlace(): void {
    const slab = this.slab();
    const key = `${slab.from}-${slab.to}-${this.arrived(slab)}`;
    if (key !== this.shownKey) {
      this.shownKey = key;
      this.isAhead = this.stack.show(this.image());
      this.isStale = true;
    }
    this.draw();
  }

  private followReview(): void {
    const { store } = this.parts;
    void store?.revision.value;
    void store?.threshold.value;
    this.isStale = true;
    this.draw();
  }

  private followMarks(): void {
    const { view, store } = this.parts;
    void [view.hovered.value, view.selected.value, view.showAll.value, view.showOverlay.value];
    void [view.showCross.value, view.stroke.value, view.tool.value, view.at.value];
    void [view.pointer.value, view.brushMm.value];
    void store?.candidates.value;
    this.draw();
  }

  private followLook(): () => void {
    if (!this.isFollower) return () => {};
    return effect(() => {
      const look = this.parts.view.look.value;
      if (look) this.showLook(look);
    });
  }

  private followSize(): () => void {
    const observer = new ResizeObserver(() => {
      const isLed = this.isFollower && this.parts.view.look.peek() !== null;
      if (!this.isOwnLook && !isLed) this.showLook(this.firstLook());
      this.stack.resized();
      this.draw();
    });
    observer.observe(this.parts.pixels);
    return () => observer.disconnect();
  }

  /** Pixels of this image that are in a candidate and reach the threshold. */
  private collect(): void {
    const { store, volume, plane } = this.parts;
    this.isStale = false;
    if (!store) return;
    const { grid, hu } = volume;
    const slab = this.slab();
    const threshold = store.threshold.value;
    const found = new Map<number, Pixel>();
    const add = (voxel: number): void => {
      if ((hu[voxel] as number) < threshold) return;
      const at = toPlane(grid, plane, voxelOf(grid, voxel));
      found.set(at.v * this.size.width + at.u, { u: at.u, v: at.v, id: store.labels.at(voxel) as number });
    };
    if (plane === "axial") {
      for (let z = slab.from; z <= slab.to; z++) for (const voxel of store.labels.inSlice(z)) add(voxel);
    } else {
      const [, ny, nx] = grid.shape;
      for (const voxel of store.labels.voxels()) {
        const k = plane === "coronal" ? Math.floor(voxel / nx) % ny : voxel % nx;
        if (k >= slab.from && k <= slab.to) add(voxel);
      }
    }
    this.pixels = [...found.values()];
  }

  /** Once per frame, however much has changed: the table of numbers does not wait for pictures. */
  private draw(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => this.drawNow());
  }

  private drawNow(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.isAhead) return;
    if (this.isStale) this.collect();
    drawScene(this.parts.canvas, this.scene(), this.stack.toScreen());
  }

  private scene(): Scene {
    const { view, isMain } = this.parts;
    const tool = view.tool.peek();
    const pointer = view.pointer.peek();
    const kind = tool === "brush" || tool === "region" ? tool : "line";
    // before a stroke begins, the brush is shown where it would paint
    const isIdleBrush = tool === "brush" && view.stroke.peek().length === 0 && pointer !== null;
    const points = !isMain ? [] : isIdleBrush ? [pointer] : view.stroke.peek();
    return {
      pixels: this.pixels,
      imageWidth: this.size.width,
      candidates: this.shown(),
      cross: this.cross(),
      stroke: points.length > 0 ? { points, kind, radius: view.brushMm.peek() / this.size.pixelWidth } : null,
      isFillShown: view.showOverlay.peek(),
    };
  }

  private shown(): Map<number, ShownCandidate> {
    const { view, store } = this.parts;
    const shown = new Map<number, ShownCandidate>();
    if (!store) return shown;
    const sites = store.sites.peek();
    const hovered = view.hovered.peek();
    const selected = view.selected.peek();
    for (const [id, one] of store.candidates.peek()) {
      const isLit = id === hovered || id === selected;
      if (!isLit && (!view.showOverlay.peek() || (isQuiet(one) && !view.showAll.peek()))) continue;
      shown.set(id, {
        colour: siteColour(sites, one.site),
        isFilled: isVessel(one.site),
        isFaint: one.site === null || isQuiet(one),
        isHovered: id === hovered,
        isSelected: id === selected,
      });
    }
    return shown;
  }

  private cross(): Scene["cross"] {
    const { view, plane, isProjection, isMain } = this.parts;
    const { u, v } = toPlane(this.parts.volume.grid, plane, view.at.peek());
    if (plane === "axial") {
      return view.showCross.peek() && !isProjection ? { u, v, isStrong: isMain } : null;
    }
    return { u: view.showCross.peek() ? u : null, v, isStrong: false };
  }

  private pointAt(px: number, py: number): Point {
    return this.stack.toImage(px, py);
  }

  private hit(px: number, py: number): number | null {
    if (this.isStale) this.collect();
    const at = this.pointAt(px, py);
    const radius = HIT_RADIUS_PX / this.stack.toScreen().ax;
    const visible = this.shown();
    const near = nearest(this.pixels.filter((one) => visible.has(one.id)), at, radius);
    return near ?? nearest(this.pixels, at, 0.01);
  }

  private gestures() {
    const { view, parts } = { view: this.parts.view, parts: this.parts };
    return {
      drag: (): DragMeaning => {
        const tool = view.tool.peek();
        if (tool === "window") return "window";
        const draws = tool === "line" || tool === "brush" || tool === "region";
        return draws && parts.isMain && parts.canEdit() ? "draw" : "pan";
      },
      hover: (px: number, py: number) => {
        view.hovered.value = this.hit(px, py);
        const tool = view.tool.peek();
        const draws = parts.isMain && (tool === "line" || tool === "brush" || tool === "region");
        parts.frame.style.cursor = draws ? "crosshair" : view.hovered.value !== null ? "pointer" : "";
        view.pointer.value = parts.isMain && tool === "brush" ? this.pointAt(px, py) : null;
      },
      leave: () => {
        view.hovered.value = null;
        view.pointer.value = null;
      },
      click: (px: number, py: number) => this.click(px, py),
      scroll: (steps: number) => view.step(parts.plane, steps),
      zoom: (factor: number, px: number, py: number) => this.zoom(factor, px, py),
      pan: (dx: number, dy: number) => this.pan(dx, dy),
      window: (dx: number, dy: number) => {
        const { center, width } = view.window.value;
        view.window.value = { center: Math.round(center + dy * 2), width: Math.max(10, Math.round(width + dx * 3)) };
      },
      draw: (phase: "start" | "move" | "end" | "cancel", px: number, py: number) => this.stroke(phase, px, py),
    };
  }

  private click(px: number, py: number): void {
    const { view, volume, plane, isProjection } = this.parts;
    const id = this.hit(px, py);
    const at = this.pointAt(px, py);
    const voxel = fromPlane(volume.grid, plane, { u: Math.round(at.u), v: Math.round(at.v) }, this.slice());
    if (!isProjection && isInside(volume.grid, voxel)) view.moveTo(voxel);
    if (id === null) {
      view.selected.value = null;
      return;
    }
    view.selected.value = id;
    if (this.parts.canEdit() && view.tool.peek() === "assign") this.parts.onAct(id);
  }

  zoom(factor: number, px: number, py: number): void {
    const before = this.pointAt(px, py);
    const mmPerPixel = Math.min(Math.max(this.look.mmPerPixel / factor, 0.02), 5);
    this.stack.setLook({ ...this.look, mmPerPixel });
    const after = this.stack.toImage(px, py);
    this.setLook({
      u: this.look.u + before.u - after.u,
      v: this.look.v + before.v - after.v,
      mmPerPixel,
    });
  }

  private pan(dx: number, dy: number): void {
    const to = this.stack.toScreen();
    this.setLook({ ...this.look, u: this.look.u - dx / to.ax, v: this.look.v - dy / to.ay });
  }

  private stroke(phase: "start" | "move" | "end" | "cancel", px: number, py: number): void {
    const { view } = this.parts;
    const point = this.pointAt(px, py);
    if (phase === "start") this.isStrokeEnded = false;
    // Escape in the middle of a stroke ends it, though the button is still down
    if (phase !== "start" && view.stroke.value.length === 0) this.isStrokeEnded = true;
    if (this.isStrokeEnded) return;
    if (phase === "cancel") view.stroke.value = [];
    else if (phase === "start") view.stroke.value = [point];
    else if (view.tool.peek() === "line") view.stroke.value = [view.stroke.value[0] ?? point, point];
    else view.stroke.value = [...view.stroke.value, point];
    if (phase === "end") {
      const points = view.stroke.value;
      view.stroke.value = [];
      this.parts.onStroke(points);
    }
  }
}
