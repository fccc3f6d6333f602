/** The review of an exam on the screen: what the server knows, and what a reader does to it. */

import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";

import { Problem, get, post, remove, request, wordsOf } from "../api/http";
import { onReview } from "../api/live";
import type { Candidate, Lock, Review, ReviewChange, ReviewEdit, ScoreTable, SiteInfo } from "../api/types";
import { LabelMap, decodeBase64 } from "./labels";

export type Notice = { kind: "info" | "error"; text: string } | null;

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
  /** A blind reader sees no proposals, and what they do signs nothing. */
  readonly isBlind = signal(false);
  readonly lowestThreshold = signal(130);
  /** Goes up whenever voxels may have changed hands: what is drawn depends on it. */
  readonly revision = signal(0);
  readonly sequence = signal(0);
  readonly threshold: ReadonlySignal<number> = computed(() => this.score.value?.threshold_hu ?? 130);
  labels: LabelMap;
  private queue: Promise<void> = Promise.resolve();
  private readonly unlisten: () => void;

  constructor(
    readonly examId: string,
    private readonly sliceSize: number,
    private readonly me: string,
  ) {
    this.labels = new LabelMap(sliceSize);
    this.unlisten = onReview((news) => {
      if (news.exam_id !== this.examId || news.sequence <= this.sequence.value) return;
      if (this.isBusy.value) return;
      void this.load().then(() => {
        if (news.user !== this.me) this.say("info", `${news.user} changed this review just now.`);
      });
    });
  }

  close(): void {
    this.unlisten();
  }

  say(kind: "info" | "error", text: string): void {
    this.notice.value = { kind, text };
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
      const change = await post<ReviewChange>(`/exams/${this.examId}/review/events`, {
        expected_sequence: this.sequence.value,
        events: edits,
      });
      await this.take(change);
      performance.measure("corcal edit", { start: begun });
      this.notice.value = null;
      return true;
    } catch (error) {
      await this.refused(error);
      return false;
    } finally {
      this.isBusy.value = false;
    }
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
    if (error instanceof Problem && error.status === 409) {
      await this.load();
      const user = typeof error.more.user === "string" ? error.more.user : "Another reader";
      this.say("error", `${user} was faster. Nothing is lost: you see the review with their change; yours was not applied.`);
    } else if (error instanceof Problem && error.status === 423) {
      await this.load();
      this.say("error", "This exam is signed. Begin an addendum to change it.");
    } else {
      this.say("error", wordsOf(error));
    }
  }
}
