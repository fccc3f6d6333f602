/** What is asked of the worklist: it is as one left it when one comes back from an exam. */

import { effect, signal } from "@preact/signals";

import { post } from "../api/http";
import type { ExamState, Worklist } from "../api/types";
import { session } from "./session";

export const PAGE = 50;

export const list = signal<Worklist | null>(null);
export const q = signal("");
export const state = signal<ExamState | "">("");
export const sort = signal("-exam_date");
export const offset = signal(0);
/** The exam that was opened last: the reader's place in the list. */
export const lastOpened = signal<string | null>(null);

let owner: string | null = null;

// in memory alone, and not for who logs in next
effect(() => {
  const user = session.value?.user.id ?? null;
  if (user === owner) return;
  owner = user;
  list.value = lastOpened.value = null;
  q.value = state.value = "";
  sort.value = "-exam_date";
  offset.value = 0;
});

type Asked = { state?: ExamState[]; offset?: number; limit?: number };

export function search(asked: Asked = {}): Promise<Worklist> {
  return post<Worklist>("/exams/search", {
    q: q.value,
    state: state.value ? [state.value] : [],
    sort: sort.value,
    limit: PAGE,
    offset: offset.value,
    ...asked,
  });
}

/** The exam to review that comes after one in the order of the worklist; the first one behind the last. */
export async function nextToReview(after: string): Promise<string | null> {
  const found = await search({ state: ["to_review"], offset: 0, limit: 200 });
  const ids = found.items.map((row) => row.id);
  // one that is signed is not in this list, but still in that of the worklist
  const shown = (list.value?.items ?? []).map((row) => row.id);
  const later = [...ids.slice(ids.indexOf(after) + 1), ...ids];
  const inOrder = ids.includes(after) ? later : [...shown.slice(shown.indexOf(after) + 1).filter((id) => ids.includes(id)), ...ids];
  return inOrder.find((id) => id !== after) ?? null;
}
