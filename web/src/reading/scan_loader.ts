/** Fetches the voxels of a scan in runs of slices; what is looked at comes first. */

import { signal, type Signal } from "@preact/signals";

import { get, request } from "../api/http";
import type { ScanInfo } from "../api/types";
import type { Grid } from "../viewer/geometry";
import { Volume, chunkOrder } from "../viewer/volume";

const FIRST_SLICES = 4;
const SLICES = 12;

export type LoadedScan = {
  volume: Volume;
  /** Part of the slices that is here, 0 to 1. */
  fraction: Signal<number>;
  done: Promise<void>;
};

export function gridOf(info: ScanInfo): Grid {
  return {
    shape: info.shape,
    spacing: info.spacing_mm,
    origin: info.origin_mm,
    direction: info.direction,
  };
}

export async function openScan(examId: string, abort: AbortSignal): Promise<LoadedScan> {
  const info = await get<ScanInfo>(`/exams/${examId}/scan`, abort);
  const volume = new Volume(gridOf(info));
  const fraction = signal(0);
  const count = info.shape[0];
  const middle = Math.floor(count / 2);
  const first: [number, number] = [
    Math.max(0, middle - FIRST_SLICES / 2),
    Math.min(count, middle + FIRST_SLICES / 2),
  ];
  const fetchChunk = async ([z0, z1]: [number, number]): Promise<void> => {
    const answer = await request(`/exams/${examId}/scan/voxels?z0=${z0}&z1=${z1}`, {
      headers: { Accept: "application/octet-stream" },
      signal: abort,
    });
    volume.put(z0, littleEndian(await answer.arrayBuffer()));
    fraction.value = volume.fraction;
  };
  await fetchChunk(first);
  const rest = chunkOrder(count, middle, SLICES);
  const done = (async () => {
    // two at a time: one is on the wire while the other is unpacked
    const worker = async (): Promise<void> => {
      for (let next = rest.shift(); next; next = rest.shift()) await fetchChunk(next);
    };
    await Promise.all([worker(), worker()]);
  })();
  return { volume, fraction, done };
}

function littleEndian(buffer: ArrayBuffer): Int16Array {
  const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  if (isLittle) return new Int16Array(buffer);
  const view = new DataView(buffer);
  return Int16Array.from({ length: buffer.byteLength / 2 }, (_, i) => view.getInt16(2 * i, true));
}
