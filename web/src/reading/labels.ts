/** Which voxel belongs to which candidate: sparse, by slice, and quick to change. */

export const NO_CANDIDATE = 0xffffffff;

/** The binary of the server: n, n voxel indices, n candidate ids, little-endian uint32. */
export function decodeLabels(buffer: ArrayBuffer): { voxels: Uint32Array; ids: Uint32Array } {
  const view = new DataView(buffer);
  const n = buffer.byteLength >= 4 ? view.getUint32(0, true) : 0;
  if (buffer.byteLength !== 4 + 8 * n) {
    throw new RangeError(`labels of ${n} voxels have ${4 + 8 * n} bytes, got ${buffer.byteLength}`);
  }
  return { voxels: new Uint32Array(buffer, 4, n), ids: new Uint32Array(buffer, 4 + 4 * n, n) };
}

export function decodeBase64(text: string): ArrayBuffer {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}

export class LabelMap {
  private readonly owner = new Map<number, number>();
  private readonly slices = new Map<number, Set<number>>();

  constructor(private readonly sliceSize: number) {}

  static from(buffer: ArrayBuffer, sliceSize: number): LabelMap {
    const map = new LabelMap(sliceSize);
    map.patch(buffer);
    return map;
  }

  /** Takes over the voxels of a binary; those that are in no candidate any more are forgotten. */
  patch(buffer: ArrayBuffer): void {
    const { voxels, ids } = decodeLabels(buffer);
    for (let i = 0; i < voxels.length; i++) this.set(voxels[i] as number, ids[i] as number);
  }

  private set(voxel: number, id: number): void {
    const z = Math.floor(voxel / this.sliceSize);
    let slice = this.slices.get(z);
    if (id === NO_CANDIDATE) {
      this.owner.delete(voxel);
      slice?.delete(voxel);
      return;
    }
    this.owner.set(voxel, id);
    if (!slice) this.slices.set(z, (slice = new Set()));
    slice.add(voxel);
  }

  get size(): number {
    return this.owner.size;
  }

  at(voxel: number): number | null {
    return this.owner.get(voxel) ?? null;
  }

  inSlice(z: number): Iterable<number> {
    return this.slices.get(z) ?? [];
  }

  voxels(): Iterable<number> {
    return this.owner.keys();
  }
}
