/** Edges of coloured pixels, and the candidate under a pointer: pure functions of small maps. */

export type Pixel = { u: number; v: number; id: number };
export type Edge = { u0: number; v0: number; u1: number; v1: number };

/** Pixels of a plane by place, for quick looks at neighbours. */
export function pixelMap(pixels: readonly Pixel[], width: number): Map<number, number> {
  const map = new Map<number, number>();
  for (const one of pixels) map.set(one.v * width + one.u, one.id);
  return map;
}

/**
 * Edges between a candidate and what is not it, per candidate.
 * Corners are half numbers, because whole numbers are pixel centres.
 */
export function edgesOf(pixels: readonly Pixel[], width: number): Map<number, Edge[]> {
  const map = pixelMap(pixels, width);
  const edges = new Map<number, Edge[]>();
  for (const { u, v, id } of pixels) {
    let mine = edges.get(id);
    if (!mine) edges.set(id, (mine = []));
    const at = v * width + u;
    if (map.get(at - width) !== id) mine.push({ u0: u - 0.5, v0: v - 0.5, u1: u + 0.5, v1: v - 0.5 });
    if (map.get(at + width) !== id) mine.push({ u0: u - 0.5, v0: v + 0.5, u1: u + 0.5, v1: v + 0.5 });
    if (u === 0 || map.get(at - 1) !== id) mine.push({ u0: u - 0.5, v0: v - 0.5, u1: u - 0.5, v1: v + 0.5 });
    if (u === width - 1 || map.get(at + 1) !== id)
      mine.push({ u0: u + 0.5, v0: v - 0.5, u1: u + 0.5, v1: v + 0.5 });
  }
  return edges;
}

/** The candidate of the nearest pixel within a radius, in pixels of the image. */
export function nearest(
  pixels: readonly Pixel[],
  at: { u: number; v: number },
  radius: number,
): number | null {
  let best: number | null = null;
  let least = radius * radius;
  for (const { u, v, id } of pixels) {
    // distance to the pixel's square, not to its centre: touching it is hitting it
    const du = Math.max(Math.abs(u - at.u) - 0.5, 0);
    const dv = Math.max(Math.abs(v - at.v) - 0.5, 0);
    const distance = du * du + dv * dv;
    if (distance < least || (distance === 0 && least === 0)) {
      least = distance;
      best = id;
    }
  }
  return best;
}

/** Pixels within a disc around a place: what a brush covers. */
export function disc(at: { u: number; v: number }, radius: number): { u: number; v: number }[] {
  const found = [];
  for (let v = Math.ceil(at.v - radius); v <= at.v + radius; v++) {
    for (let u = Math.ceil(at.u - radius); u <= at.u + radius; u++) {
      if ((u - at.u) ** 2 + (v - at.v) ** 2 <= radius * radius) found.push({ u, v });
    }
  }
  return found;
}

/** Of a freehand line the points that matter: those further apart than a distance. */
export function thinned<T extends { u: number; v: number }>(points: readonly T[], least: number): T[] {
  const kept: T[] = [];
  for (const point of points) {
    const last = kept[kept.length - 1];
    if (!last || Math.hypot(point.u - last.u, point.v - last.v) >= least) kept.push(point);
  }
  return kept;
}
