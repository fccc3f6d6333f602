/** What the server tells by itself: exams that change state, and edits of other readers. */

import { signal } from "@preact/signals";

import { API } from "./http";
import type { ExamRow } from "./types";

export type ExamNews = Pick<ExamRow, "id" | "state" | "state_reason" | "progress" | "version">;
export type ReviewNews = { exam_id: string; sequence: number; user: string };
export type JobNews = Record<string, unknown>;

type Listeners = { exam: Set<(news: ExamNews) => void>; review: Set<(news: ReviewNews) => void>; job: Set<(news: JobNews) => void> };

const listeners: Listeners = { exam: new Set(), review: new Set(), job: new Set() };
const returned = new Set<() => void>();
let source: EventSource | null = null;
let onLost: () => void = () => {};

/** False while the connection is lost. */
export const isLive = signal(true);

/** What makes the connection again; the browser itself gives up after some errors. */
export function whenLost(call: () => void): void {
  onLost = call;
}

export function startLive(): void {
  if (source) return;
  source = new EventSource(`${API}/events`);
  source.onopen = () => {
    if (isLive.value) return;
    isLive.value = true;
    for (const call of returned) call();
  };
  source.onerror = () => {
    isLive.value = false;
    close();
    onLost();
  };
  listen("exam");
  listen("review");
  listen("job");
}

function close(): void {
  source?.close();
  source = null;
}

export function stopLive(): void {
  close();
  isLive.value = true;
}

function listen(kind: keyof Listeners): void {
  source?.addEventListener(kind, (event) => {
    const news = JSON.parse((event as MessageEvent<string>).data) as never;
    for (const call of listeners[kind]) call(news);
  });
}

function add<T>(set: Set<T>, call: T): () => void {
  set.add(call);
  return () => set.delete(call);
}

export const onExam = (call: (news: ExamNews) => void): (() => void) => add(listeners.exam, call);
export const onReview = (call: (news: ReviewNews) => void): (() => void) => add(listeners.review, call);
export const onJob = (call: (news: JobNews) => void): (() => void) => add(listeners.job, call);
/** After the connection was lost: news was missed, and what is shown may be old. */
export const onReturn = (call: () => void): (() => void) => add(returned, call);
