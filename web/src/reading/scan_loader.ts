/** Fetches the voxels of a scan in runs of slices; what is looked at comes first. */

import { signal, type Signal } from "@preact/signals";

import { Problem, get, isOutage, request } from "../api/http";
import type { ScanInfo } from "../api/types";
import { whenBack } from "../lib/session";
import type { Grid } from "../viewer/geometry";
import { Volume, chunkOrder } from "../viewer/volume";

const FIRST_SLICES = 4;
const SLICES = 12;

export type LoadedScan = {
  volume: Volume;
  /** Why these are images alone, and no volume that could be cut in other planes. */
  note: string | null;
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
  const fetchOnce = async ([z0, z1]: [number, number]): Promise<void> => {
    const answer = await request(`/exams/${examId}/scan/voxels?z0=${z0}&z1=${z1}`, {
      headers: { Accept: "application/octet-stream" },
      signal: abort,
    });
    volume.put(z0, littleEndian(await bytesOf(answer)));
    fraction.value = volume.fraction;
  };
  const fetchChunk = async (chunk: [number, number]): Promise<void> => {
    for (;;) {
      try {
        return await fetchOnce(chunk);
      } catch (error) {
        if (abort.aborted || !isOutage(error)) throw error;
        await whenBack();
      }
    }
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
  const note = info.is_volume === false ? (info.note ?? "These images form no volume.") : null;
  return { volume, note, fraction, done };
}

/** The whole answer; one that is torn in the middle is an outage, too. */
async function bytesOf(answer: Response): Promise<ArrayBuffer> {
  try {
    return await answer.arrayBuffer();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "torn", "The connection to the server was lost.");
  }
}

function littleEndian(buffer: ArrayBuffer): Int16Array {
  const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  if (isLittle) return new Int16Array(buffer);
  const view = new DataView(buffer);
  return Int16Array.from({ length: buffer.byteLength / 2 }, (_, i) => view.getInt16(2 * i, true));
}
