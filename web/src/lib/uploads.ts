/** Uploads: each file is sent by itself, a few at a time; names stay here. */

import { signal } from "@preact/signals";

import { Problem, post, remove, request, wordsOf } from "../api/http";
import { plural, sentence } from "./format";

const AT_ONCE = 3;

export type Upload = {
  key: number;
  files: number;
  bytes: number;
  sent: number;
  sentFiles: number;
  state: "sending" | "reading" | "done" | "failed";
  words: string;
};

export const uploads = signal<readonly Upload[]>([]);
let made = 0;

function change(key: number, fields: Partial<Upload>): void {
  uploads.value = uploads.value.map((one) => (one.key === key ? { ...one, ...fields } : one));
}

export function dismiss(key: number): void {
  uploads.value = uploads.value.filter((one) => one.key !== key);
}

export async function upload(files: File[], whenDone: () => void): Promise<void> {
  if (files.length === 0) return;
  made += 1;
  const key = made;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  uploads.value = [
    ...uploads.value,
    { key, files: files.length, bytes: size, sent: 0, sentFiles: 0, state: "sending", words: "" },
  ];
  let id: string | null = null;
  try {
    id = (await post<{ id: string }>("/uploads")).id;
    await sendAll(id, files, key);
    change(key, { state: "reading", words: "The files are being read." });
    const { job_id } = await post<{ job_id: string }>(`/uploads/${id}/finish`);
    await follow(job_id, key, files);
    whenDone();
  } catch (error) {
    if (id !== null) await remove(`/uploads/${id}`).catch(() => undefined);
    change(key, { state: "failed", words: wordsOf(error) });
  }
}

async function sendAll(id: string, files: File[], key: number): Promise<void> {
  const rest = files.map((file, n) => ({ file, n }));
  let sent = 0;
  let sentFiles = 0;
  const worker = async (): Promise<void> => {
    for (let next = rest.shift(); next; next = rest.shift()) {
      await request(`/uploads/${id}/files/${next.n}`, {
        method: "PUT",
        body: next.file,
        headers: { "Content-Type": "application/octet-stream", "X-File-Count": String(files.length) },
      });
      sent += next.file.size;
      sentFiles += 1;
      change(key, { sent, sentFiles });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** The server knows files by their number alone: their names stay here. */
export function withName(words: string, files: readonly { name: string }[]): string {
  const found = /^(\d+): (.*)$/s.exec(words);
  const file = found ? files[Number(found[1])] : undefined;
  return file ? `File ${file.name}: ${found?.[2] ?? ""}` : sentence(words);
}

type Job = { state: string; exam_ids: string[]; error: string | null };

/** Asks for the job until it is done: an upload that is refused must say so here. */
async function follow(jobId: string, key: number, files: readonly File[]): Promise<void> {
  for (let wait = 200; ; wait = Math.min(wait * 1.4, 2000)) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    const job = (await (await request(`/jobs/${jobId}`)).json()) as Job;
    if (job.state === "failed") throw new Problem(0, "upload", withName(job.error ?? "The files could not be read.", files));
    if (job.state === "done") {
      const count = job.exam_ids.length;
      change(key, { state: "done", words: `${plural(count, "exam")} in the worklist.` });
      return;
    }
  }
}
