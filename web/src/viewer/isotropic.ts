/** Images with square pixels: slices are further apart than their pixels, a screen is not. */

import type { PlaneSize } from "./geometry";

/** How many rows of square pixels cover the height of a plane. */
export function squareRows(size: PlaneSize): number {
  return Math.max(1, Math.round((size.height * size.pixelHeight) / size.pixelWidth));
}

/**
 * Rows made anew so that pixels are as high as they are wide, linear between the rows that there are.
 * The image covers the same field: its upper edge is that of the first row.
 */
export function withSquarePixels(pixels: Int16Array, size: PlaneSize): Int16Array {
  const rows = squareRows(size);
  if (rows === size.height) return pixels;
  const { width, height } = size;
  const out = new Int16Array(width * rows);
  for (let row = 0; row < rows; row++) {
    const at = Math.min(Math.max(((row + 0.5) * height) / rows - 0.5, 0), height - 1);
    const low = Math.floor(at);
    const part = at - low;
    const above = low * width;
    const below = Math.min(low + 1, height - 1) * width;
    const to = row * width;
    for (let u = 0; u < width; u++) {
      const a = pixels[above + u] as number;
      out[to + u] = Math.round(a + ((pixels[below + u] as number) - a) * part);
    }
  }
  return out;
}
