/** Draws calcium, outlines, crosshair and strokes over a pane. */

import type { Edge, Pixel } from "../reading/outline";
import { edgesOf } from "../reading/outline";

export type ShownCandidate = {
  colour: string;
  /** Calcium that counts is filled; everything else is an outline. */
  isFilled: boolean;
  isFaint: boolean;
  isHovered: boolean;
  isSelected: boolean;
};

export type Scene = {
  pixels: readonly Pixel[];
  imageWidth: number;
  candidates: ReadonlyMap<number, ShownCandidate>;
  cross: { u: number | null; v: number | null; isStrong: boolean } | null;
  stroke: { points: readonly { u: number; v: number }[]; kind: "line" | "region" | "brush"; radius: number } | null;
  isFillShown: boolean;
};

export type Affine = { ax: number; bx: number; ay: number; by: number };

const FILL_ALPHA = 0.34;

export function drawScene(canvas: HTMLCanvasElement, scene: Scene, to: Affine): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const ratio = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  drawCross(context, scene, to, canvas);
  drawFills(context, scene, to);
  drawEdges(context, scene, to);
  drawStroke(context, scene, to);
}

function drawFills(context: CanvasRenderingContext2D, scene: Scene, to: Affine): void {
  if (!scene.isFillShown) return;
  context.globalAlpha = FILL_ALPHA;
  for (const { u, v, id } of scene.pixels) {
    const shown = scene.candidates.get(id);
    if (!shown?.isFilled) continue;
    context.fillStyle = shown.colour;
    const x = (u - 0.5) * to.ax + to.bx;
    const y = (v - 0.5) * to.ay + to.by;
    context.fillRect(x, y, to.ax + 0.3, to.ay + 0.3);
  }
  context.globalAlpha = 1;
}

function drawEdges(context: CanvasRenderingContext2D, scene: Scene, to: Affine): void {
  const visible = scene.pixels.filter((one) => scene.candidates.has(one.id));
  for (const [id, edges] of edgesOf(visible, scene.imageWidth)) {
    const shown = scene.candidates.get(id);
    if (!shown) continue;
    const isLit = shown.isHovered || shown.isSelected;
    if (isLit) strokeEdges(context, edges, to, "#000000", 5, 0.8);
    strokeEdges(context, edges, to, shown.colour, isLit ? 2.5 : 1.5, shown.isFaint && !isLit ? 0.45 : 1);
    if (shown.isSelected) drawMarker(context, edges, to);
  }
}

function strokeEdges(
  context: CanvasRenderingContext2D,
  edges: readonly Edge[],
  to: Affine,
  colour: string,
  width: number,
  alpha: number,
): void {
  context.beginPath();
  for (const { u0, v0, u1, v1 } of edges) {
    context.moveTo(u0 * to.ax + to.bx, v0 * to.ay + to.by);
    context.lineTo(u1 * to.ax + to.bx, v1 * to.ay + to.by);
  }
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineCap = "round";
  context.globalAlpha = alpha;
  context.stroke();
  context.globalAlpha = 1;
}

/** Corners around what is selected: seen also by who does not tell the colours. */
function drawMarker(context: CanvasRenderingContext2D, edges: readonly Edge[], to: Affine): void {
  const xs = edges.flatMap((one) => [one.u0, one.u1]).map((u) => u * to.ax + to.bx);
  const ys = edges.flatMap((one) => [one.v0, one.v1]).map((v) => v * to.ay + to.by);
  const left = Math.min(...xs) - 7;
  const right = Math.max(...xs) + 7;
  const top = Math.min(...ys) - 7;
  const bottom = Math.max(...ys) + 7;
  const arm = 7;
  context.beginPath();
  for (const [x, y, sx, sy] of [
    [left, top, 1, 1],
    [right, top, -1, 1],
    [left, bottom, 1, -1],
    [right, bottom, -1, -1],
  ] as const) {
    context.moveTo(x + sx * arm, y);
    context.lineTo(x, y);
    context.lineTo(x, y + sy * arm);
  }
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2;
  context.stroke();
}

function drawCross(
  context: CanvasRenderingContext2D,
  scene: Scene,
  to: Affine,
  canvas: HTMLCanvasElement,
): void {
  if (!scene.cross) return;
  const { u, v, isStrong } = scene.cross;
  const gap = isStrong ? 10 : 0;
  context.strokeStyle = "#7fd6c2";
  context.globalAlpha = isStrong ? 0.95 : 0.5;
  context.lineWidth = 1;
  context.beginPath();
  const x = u === null ? null : Math.round(u * to.ax + to.bx) + 0.5;
  const y = v === null ? null : Math.round(v * to.ay + to.by) + 0.5;
  if (x !== null) split(context, y, gap, canvas.clientHeight, (from, end) => [x, from, x, end]);
  if (y !== null) split(context, x, gap, canvas.clientWidth, (from, end) => [from, y, end, y]);
  context.stroke();
  context.globalAlpha = 1;
}

/** A line across the pane that leaves a gap where the other one crosses. */
function split(
  context: CanvasRenderingContext2D,
  middle: number | null,
  gap: number,
  length: number,
  at: (from: number, to: number) => [number, number, number, number],
): void {
  const parts: [number, number][] =
    middle === null || gap === 0 ? [[0, length]] : [[0, middle - gap], [middle + gap, length]];
  for (const [from, to] of parts) {
    const [x0, y0, x1, y1] = at(from, to);
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
  }
}

function drawStroke(context: CanvasRenderingContext2D, scene: Scene, to: Affine): void {
  const stroke = scene.stroke;
  if (!stroke || stroke.points.length === 0) return;
  context.beginPath();
  stroke.points.forEach(({ u, v }, i) => {
    const x = u * to.ax + to.bx;
    const y = v * to.ay + to.by;
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  if (stroke.kind === "region") context.closePath();
  context.lineJoin = "round";
  context.lineCap = "round";
  const width = stroke.kind === "brush" ? Math.max(3, 2 * stroke.radius * to.ax) : 2;
  context.globalAlpha = stroke.kind === "brush" ? 0.45 : 1;
  if (stroke.kind !== "brush") {
    context.strokeStyle = "#000000";
    context.lineWidth = width + 2;
    context.stroke();
  }
  context.strokeStyle = "#7fd6c2";
  context.lineWidth = width;
  context.stroke();
  context.globalAlpha = 1;
}
