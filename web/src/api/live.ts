/** What the server tells by itself: exams that change state, and edits of other readers. */

import { signal } from "@preact/signals";

import { API } from "./http";
import type { ExamRow } from "./types";

export type ExamNews = Pick<ExamRow, "id" | "state" | "state_reason" | "progress" | "version">;
export type ReviewNews = { exam_id: string; sequence: number; user: string };
export type JobNews = Record<string, unknown>;

type Listeners = { exam: Set<(news: ExamNews) => void>; review: Set<(news: ReviewNews) => void>; job: Set<(news: JobNews) => void> };

const listeners: Listeners = { exam: new Set(), review: new Set(), job: new Set() };
let source: EventSource | null = null;

/** False while the connection is lost; the browser makes it again by itself. */
export const isLive = signal(true);

export function startLive(): void {
  if (source) return;
  source = new EventSource(`${API}/events`);
  source.onopen = () => (isLive.value = true);
  source.onerror = () => (isLive.value = false);
  listen("exam");
  listen("review");
  listen("job");
}

export function stopLive(): void {
  source?.close();
  source = null;
  isLive.value = true;
}

function listen(kind: keyof Listeners): void {
  source?.addEventListener(kind, (event) => {
    const news = JSON.parse((event as MessageEvent<string>).data) as never;
    for (const call of listeners[kind]) call(news);
  });
}

export function onExam(call: (news: ExamNews) => void): () => void {
  listeners.exam.add(call);
  return () => listeners.exam.delete(call);
}

export function onReview(call: (news: ReviewNews) => void): () => void {
  listeners.review.add(call);
  return () => listeners.review.delete(call);
}

export function onJob(call: (news: JobNews) => void): () => void {
  listeners.job.add(call);
  return () => listeners.job.delete(call);
}
