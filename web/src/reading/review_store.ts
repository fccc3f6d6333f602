/** The review of an exam on the screen: what the server knows, and what a reader does to it. */

import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";

import { Problem, get, isOutage, post, remove, request, wordsOf } from "../api/http";
import { onReturn, onReview } from "../api/live";
import type { Candidate, Lock, LogRow, Review, ReviewChange, ReviewEdit, ScoreTable, SiteInfo, User } from "../api/types";
import { session, whenBack } from "../lib/session";
import { LabelMap, decodeBase64 } from "./labels";

export type Notice = { kind: "info" | "error"; text: string } | null;

const NOTICE_MS = 8000;

/** Whether nothing on the screen differs by a change. */
function isUnseen(change: ReviewChange): boolean {
  return change.changed.length === 0 && change.removed.length === 0 && !change.labels_changed;
}

export class ReviewStore {
  readonly sites: Signal<SiteInfo[]> = signal([]);
  readonly candidates: Signal<ReadonlyMap<number, Candidate>> = signal(new Map());
  readonly score: Signal<ScoreTable | null> = signal(null);
  readonly rules: Signal<string[]> = signal([]);
  readonly canUndo = signal(false);
  readonly canRedo = signal(false);
  readonly isFinal = signal(false);
  readonly lock: Signal<Lock> = signal(null);
  readonly notice: Signal<Notice> = signal(null);
  readonly isBusy = signal(false);
  readonly isLoaded = signal(false);
  /** An edit was made that the server has not got yet; it is sent when the server is there again. */
  readonly isWaiting = signal(false);
  /** Why there is no review of this exam, such as of one that cannot be scored. */
  readonly refusal: Signal<string | null> = signal(null);
  /** A blind reader sees no proposals, and what they do signs nothing. */
  readonly isBlind = signal(false);
  readonly lowestThreshold = signal(130);
  /** Goes up whenever voxels may have changed hands: what is drawn depends on it. */
  readonly revision = signal(0);
  readonly sequence = signal(0);
  readonly threshold: ReadonlySignal<number> = computed(() => this.score.value?.threshold_hu ?? 130);
  labels: LabelMap;
  private queue: Promise<void> = Promise.resolve();
  private isClosed = false;
  private newest = 0;
  private readonly stops: (() => void)[];

  constructor(
    readonly examId: string,
    private readonly sliceSize: number,
    private readonly me: User,
  ) {
    this.labels = new LabelMap(sliceSize);
    this.stops = [
      onReview((news) => {
        if (news.exam_id !== this.examId) return;
        this.newest = Math.max(this.newest, news.sequence);
        if (!this.isBusy.value) void this.catchUp(news.user);
      }),
      onReturn(() => {
        if (!this.isBusy.value) void this.open();
      }),
    ];
  }

  close(): void {
    this.isClosed = true;
    for (const stop of this.stops) stop();
  }

  say(kind: "info" | "error", text: string): void {
    const notice = { kind, text };
    this.notice.value = notice;
    // what only explains goes by itself; what was refused stays until it is read
    if (kind === "info") setTimeout(() => this.notice.value === notice && (this.notice.value = null), NOTICE_MS);
  }

  /** Loads the review; says why there is none. */
  async open(): Promise<void> {
    try {
      await this.load();
      this.refusal.value = null;
    } catch (error) {
      if (this.isClosed || (isOutage(error) && this.isLoaded.value)) return;
      if (error instanceof Problem && error.status === 409) this.refusal.value = error.message;
      else this.say("error", wordsOf(error));
    }
  }

  /** Takes over what somebody else, or the same reader in another window, has changed. */
  private async catchUp(user: string): Promise<void> {
    if (this.newest <= this.sequence.value) return;
    await this.open();
    this.say("info", user === this.me.name ? "You changed this review in another window." : `${user} changed this review just now.`);
  }

  async load(): Promise<void> {
    const [review, labels] = await Promise.all([
      get<Review>(`/exams/${this.examId}/review`),
      this.fetchLabels(),
    ]);
    this.labels = labels;
    batch(() => {
      this.sites.value = review.sites;
      this.rules.value = review.rules;
      this.candidates.value = new Map(review.candidates.map((one) => [one.id, one]));
      this.score.value = review.score;
      this.canUndo.value = review.can_undo;
      this.canRedo.value = review.can_redo;
      this.isFinal.value = review.is_final;
      this.lock.value = review.lock;
      this.isBlind.value = review.is_blind;
      this.lowestThreshold.value = review.lowest_threshold_hu;
      this.sequence.value = review.sequence;
      this.revision.value += 1;
      this.isLoaded.value = true;
    });
  }

  private async fetchLabels(): Promise<LabelMap> {
    const answer = await request(`/exams/${this.examId}/review/labels`, {
      headers: { Accept: "application/octet-stream" },
    });
    return LabelMap.from(await answer.arrayBuffer(), this.sliceSize);
  }

  /** Tells others that this exam is open here; it hinders nobody. */
  async holdLock(): Promise<void> {
    await post(`/exams/${this.examId}/review/lock`).catch(() => undefined);
  }

  async leaveLock(): Promise<void> {
    await remove(`/exams/${this.examId}/review/lock`).catch(() => undefined);
  }

  /** Edits wait for each other: each is sent with the number of the one before it. */
  edit(...edits: ReviewEdit[]): Promise<boolean> {
    const done = this.queue.then(() => this.send(edits));
    this.queue = done.then(() => undefined);
    return done;
  }

  private async send(edits: ReviewEdit[]): Promise<boolean> {
    this.isBusy.value = true;
    const begun = performance.now();
    try {
      const change = await this.posted(edits);
      if (change !== null) await this.take(change);
      performance.measure("corcal edit", { start: begun });
      this.notice.value = null;
      if (change !== null && edits.every((one) => one.type === "undo") && isUnseen(change)) {
        this.say("info", "Undone: what changed no calcium, such as the confirmation of a signature. Undo again for the edit before it.");
      }
      return true;
    } catch (error) {
      await this.refused(error);
      return false;
    } finally {
      this.isBusy.value = false;
      this.isWaiting.value = false;
      if (this.newest > this.sequence.value) void this.catchUp("Another reader");
    }
  }

  /** Sends edits until the server has them; null if it had them already and only its answer was lost. */
  private async posted(edits: ReviewEdit[]): Promise<ReviewChange | null> {
    const expected = this.sequence.value;
    for (;;) {
      try {
        if (this.isWaiting.value && (await this.hasArrived(edits, expected))) return null;
        return await post<ReviewChange>(`/exams/${this.examId}/review/events`, {
          expected_sequence: expected,
          events: edits,
        });
      } catch (error) {
        if (!isOutage(error)) throw error;
        this.isWaiting.value = true;
        await whenBack();
        // somebody else has logged in at this screen: the edit is not theirs
        if (this.isClosed || session.value?.user.id !== this.me.id) throw error;
      }
    }
  }

  /** After an outage: whether the server has these edits; they are this reader's, and the next ones. */
  private async hasArrived(edits: ReviewEdit[], expected: number): Promise<boolean> {
    await this.load();
    if (this.sequence.value === expected) return false;
    const log = await get<LogRow[]>(`/exams/${this.examId}/review/events`);
    const later = log.filter((row) => row.sequence > expected);
    const isMine = (edit: ReviewEdit, i: number) => later[i]?.type === edit.type && later[i]?.user === this.me.login;
    return later.length === edits.length && edits.every(isMine);
  }

  private async take(change: ReviewChange): Promise<void> {
    if (change.labels_patch !== null) this.labels.patch(decodeBase64(change.labels_patch));
    // another threshold changes so much that the server sends no patch
    else if (change.labels_changed) this.labels = await this.fetchLabels();
    const next = new Map(this.candidates.value);
    for (const id of change.removed) next.delete(id);
    for (const one of change.changed) next.set(one.id, one);
    batch(() => {
      this.candidates.value = next;
      this.score.value = change.score;
      this.canUndo.value = change.can_undo;
      this.canRedo.value = change.can_redo;
      this.sequence.value = change.sequence;
      this.revision.value += 1;
    });
  }

  private async refused(error: unknown): Promise<void> {
    if (this.isClosed) return;
    if (error instanceof Problem && error.status === 409) {
      await this.open();
      const user = typeof error.more.user === "string" ? error.more.user : "Another reader";
      const isMe = user === this.me.name || user === this.me.login;
      const who = isMe ? "You changed this review in another window" : `${user} was faster`;
      this.say("error", `${who}. Nothing is lost: you see the review with that change; this last one was not applied.`);
    } else if (error instanceof Problem && error.status === 423) {
      await this.open();
      this.say("error", `${wordsOf(error)} This last edit was not applied; those before it are in what was signed.`);
    } else {
      this.say("error", wordsOf(error));
    }
  }
}
