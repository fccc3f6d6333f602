/** The reading view of one exam. */

import { signal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";

import { Problem, get, wordsOf } from "../api/http";
import { onExam, onReturn } from "../api/live";
import type { ExamDetail, User } from "../api/types";
import { session } from "../lib/session";
import { lastOpened } from "../lib/worklist";
import { STATE_NAMES, date, personName, sentence, straight } from "../lib/format";
import { ReadingView } from "../reading/reading_view";
import { ReviewStore } from "../reading/review_store";
import { openScan } from "../reading/scan_loader";
import { authorOf, lastSigned } from "../reading/versions";
import { ViewState } from "../reading/view_state";
import { Loading, Message } from "../ui/message";
import { startStack } from "../viewer/stack";
import type { Volume } from "../viewer/volume";

export type OpenedExam = {
  detail: Signal<ExamDetail>;
  volume: Volume;
  /** Why there are no other planes than the axial images; null where there are. */
  note: string | null;
  fraction: Signal<number>;
  view: ViewState;
  store: ReviewStore;
};

const NOBODY: User = { id: "", name: "", role: "viewer" };

/** Opens an exam: what is known of it, its voxels, its review; all three at once. */
export async function openExam(id: string, abort: AbortSignal): Promise<OpenedExam> {
  const begun = performance.now();
  const [detail, scan] = await Promise.all([
    get<ExamDetail>(`/exams/${id}`, abort),
    openScan(id, abort),
  ]);
  const [, ny, nx] = scan.volume.grid.shape;
  const store = new ReviewStore(id, ny * nx, session.value?.user ?? NOBODY);
  const reviewed = store.open();
  void scan.done.catch((error: unknown) => {
    if (!abort.aborted) store.say("error", wordsOf(error));
  });
  void Promise.all([scan.done, reviewed]).then(
    () => requestAnimationFrame(() => performance.measure("corcal exam", { start: begun })),
    () => undefined,
  );
  return {
    detail: signal(detail),
    volume: scan.volume,
    note: scan.note,
    fraction: scan.fraction,
    view: new ViewState(scan.volume.grid),
    store,
  };
}

/** Starts what draws images, before there is one. */
export function warmUp(): void {
  startStack();
}

export function ReadingPage(props: { id: string }) {
  const [exam, setExam] = useState<OpenedExam | null>(null);
  const [problem, setProblem] = useState<{ text: string; detail: ExamDetail | null } | null>(null);
  const attempt = useMemo(() => signal(0), [props.id]);
  const tries = attempt.value;

  useEffect(() => {
    lastOpened.value = props.id;
    const abort = new AbortController();
    let opened: OpenedExam | null = null;
    setExam(null);
    setProblem(null);
    openExam(props.id, abort.signal)
      .then((found) => {
        opened = found;
        if (abort.signal.aborted) found.store.close();
        else setExam(found);
      })
      .catch(async (error: unknown) => {
        if (abort.signal.aborted) return;
        const detail = await get<ExamDetail>(`/exams/${props.id}`).catch(() => null);
        if (!abort.signal.aborted) setProblem({ text: wordsOf(error), detail });
      });
    const stop = onExam((news) => {
      if (news.id !== props.id) return;
      if (opened) void follow(opened);
      else attempt.value += 1;
    });
    const stopReturn = onReturn(() => {
      if (opened) void refresh(opened);
      else attempt.value += 1;
    });
    return () => {
      abort.abort();
      opened?.store.close();
      stop();
      stopReturn();
    };
  }, [props.id, tries]);

  if (problem) return <NotReadable {...problem} />;
  if (!exam) return <Loading what="the exam" />;
  return <ReadingView exam={exam} key={props.id} />;
}

/** Asks again what is known of an exam: after signing, scoring, another reader's edit. */
export async function refresh(exam: OpenedExam): Promise<void> {
  try {
    exam.detail.value = await get<ExamDetail>(`/exams/${exam.store.examId}`);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

/** The same when the server has news; whoever has the exam open is told that another has signed it. */
async function follow(exam: OpenedExam): Promise<void> {
  await refresh(exam);
  const { store } = exam;
  const { row, versions } = exam.detail.value;
  const isFinal = row.state === "final";
  if (!store.isLoaded.value || store.isBlind.value || isFinal === store.isFinal.value) return;
  await store.open();
  const signed = isFinal ? lastSigned(versions) : null;
  if (!signed || signed.author === session.value?.user.login) return;
  store.say("info", `${authorOf(signed)} signed this exam just now, as version ${signed.number}. Your edits are in it; an addendum (Record) corrects it.`);
}

function NotReadable(props: { text: string; detail: ExamDetail | null }) {
  const row = props.detail?.row;
  return (
    <main class="page narrow">
      <h1>{row ? <bdi>{personName(row.patient.name)}</bdi> : "This exam cannot be shown"}</h1>
      {row && (
        <p class="not-readable-facts">
          <span class={`state state-${row.state}`}>{STATE_NAMES[row.state]}</span>
          <span>{date(row.exam_date)}</span>
          <bdi>{straight(row.patient.patient_id ?? "")}</bdi>
          <bdi>{straight(row.description ?? "")}</bdi>
        </p>
      )}
      {row?.state_reason ? <p class="lead">{sentence(row.state_reason)}</p> : <Message kind="error">{props.text}</Message>}
      {row?.state === "unfit" && <p class="quiet">It has no score, and its images cannot be shown. A series that is whole can be uploaded beside it.</p>}
      {(row?.state === "waiting" || row?.state === "scoring") && <p class="quiet">It opens by itself as soon as it is scored.</p>}
      <p>
        <a class="button" href="#/exams">
          Back to the worklist
        </a>
      </p>
    </main>
  );
}
