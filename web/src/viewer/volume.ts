/** The voxels of a scan in memory, as they arrive, and the images that are made of them. */

import { fromPlane, mirrorsX, mirrorsY, planeSize, type Grid, type Plane } from "./geometry";

export type Slab = { from: number; to: number };

/** Runs of slices in the order in which to fetch them: the one that is looked at comes first. */
export function chunkOrder(count: number, first: number, size: number): [number, number][] {
  const chunks: [number, number][] = [];
  for (let z = 0; z < count; z += size) chunks.push([z, Math.min(z + size, count)]);
  const start = Math.floor(first / size);
  return chunks
    .map((chunk, i) => ({ chunk, away: Math.abs(i - start) }))
    .sort((a, b) => a.away - b.away || a.chunk[0] - b.chunk[0])
    .map(({ chunk }) => chunk);
}

/** First and last image (both included) of a slab of a thickness around an image. */
export function slabAround(k: number, thicknessMm: number, stepMm: number, count: number): Slab {
  const reach = Math.max(0, (thicknessMm / stepMm - 1) / 2);
  return {
    from: Math.max(0, Math.round(k - reach)),
    to: Math.min(count - 1, Math.round(k + reach)),
  };
}

export class Volume {
  readonly hu: Int16Array;
  private readonly present: Uint8Array;

  constructor(readonly grid: Grid) {
    const [nz, ny, nx] = grid.shape;
    // air until the voxels are here, so that what is missing is black
    this.hu = new Int16Array(nz * ny * nx).fill(-1024);
    this.present = new Uint8Array(nz);
  }

  get fraction(): number {
    return this.present.reduce((sum, one) => sum + one, 0) / this.present.length;
  }

  get isComplete(): boolean {
    return this.present.every((one) => one === 1);
  }

  hasSlice(z: number): boolean {
    return this.present[z] === 1;
  }

  put(z0: number, values: Int16Array): void {
    const size = this.grid.shape[1] * this.grid.shape[2];
    this.hu.set(values, z0 * size);
    this.present.fill(1, z0, z0 + values.length / size);
  }

  /** The image of a plane, row by row; with a slab the greatest value along the line of sight. */
  image(plane: Plane, k: number, slab: Slab = { from: k, to: k }): Int16Array {
    if (plane === "axial") return this.axial(slab);
    const size = planeSize(this.grid, plane);
    const out = new Int16Array(size.width * size.height).fill(-32768);
    for (let at = slab.from; at <= slab.to; at++) this.addResliced(out, plane, at);
    return out;
  }

  private axial(slab: Slab): Int16Array {
    const [, ny, nx] = this.grid.shape;
    const size = ny * nx;
    const out = this.hu.slice(slab.from * size, (slab.from + 1) * size);
    for (let z = slab.from + 1; z <= slab.to; z++) {
      const start = z * size;
      for (let i = 0; i < size; i++) {
        const value = this.hu[start + i] as number;
        if (value > (out[i] as number)) out[i] = value;
      }
    }
    if (mirrorsX(this.grid)) mirrorRows(out, nx);
    if (mirrorsY(this.grid)) mirrorColumns(out, nx);
    return out;
  }

  private addResliced(out: Int16Array, plane: Plane, k: number): void {
    const { width, height } = planeSize(this.grid, plane);
    const [, ny, nx] = this.grid.shape;
    for (let v = 0; v < height; v++) {
      const first = fromPlane(this.grid, plane, { u: 0, v }, k);
      const second = fromPlane(this.grid, plane, { u: 1, v }, k);
      const index = (first.z * ny + first.y) * nx + first.x;
      const step = (second.y - first.y) * nx + (second.x - first.x);
      for (let u = 0; u < width; u++) {
        const value = this.hu[index + u * step] as number;
        const to = v * width + u;
        if (value > (out[to] as number)) out[to] = value;
      }
    }
  }
}

function mirrorRows(image: Int16Array, width: number): void {
  for (let start = 0; start < image.length; start += width) image.subarray(start, start + width).reverse();
}

function mirrorColumns(image: Int16Array, width: number): void {
  const rows = image.length / width;
  for (let top = 0, bottom = rows - 1; top < bottom; top++, bottom--) {
    const kept = image.slice(top * width, (top + 1) * width);
    image.copyWithin(top * width, bottom * width, (bottom + 1) * width);
    image.set(kept, bottom * width);
  }
}
