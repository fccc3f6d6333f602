/** Panes, palette, panel and keys of the reading view. */

import { useSignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

import { wordsOf } from "../api/http";
import { date, score } from "../lib/format";
import { go } from "../lib/route";
import { mayRead } from "../lib/session";
import { nextToReview } from "../lib/worklist";
import { openExam, refresh, type OpenedExam } from "../pages/reading";
import { Message } from "../ui/message";
import { middleOf, samePlace, type Place } from "../viewer/align";
import { matchingSlice, toPlane } from "../viewer/geometry";
import { actOn, endStroke, show } from "./actions";
import { AddendumDialog, BlindDialog } from "./ask_dialog";
import { CandidateStrip } from "./candidate_strip";
import { askForBlindRead, beginAddendum } from "./exam_actions";
import { HelpDialog } from "./help_dialog";
import { useFreedKeys, useReadingKeys } from "./key_listener";
import { Palette } from "./palette";
import { Panel } from "./panel";
import { ReadingHead, readableExams } from "./reading_head";
import { ScanPane } from "./scan_pane";
import { SignDialog } from "./sign_dialog";
import { ToolBar } from "./tool_bar";
import type { ViewState } from "./view_state";
import { calciumCentre, steps } from "./sites";

const LOCK_MS = 60_000;

export function ReadingView({ exam }: { exam: OpenedExam }) {
  const { view, store, volume, fraction } = exam;
  const previous = useSignal<OpenedExam | null>(null);
  const [leaving] = useState(() => new AbortController());
  const [dialog, setDialog] = useState<"sign" | "help" | "addendum" | "blind" | null>(null);
  const isFinal = store.isFinal.value;
  const canEdit = mayRead.value && !isFinal && store.isLoaded.value;

  const compare = async (): Promise<void> => {
    if (view.layout.value === "compare") {
      view.layout.value = "reading";
      return;
    }
    if (exam.note !== null) return store.say("info", "Images that form no volume cannot be set beside others at the same level.");
    const earlier = previous.value?.detail.value.row ?? earlierExam(exam);
    if (!earlier) return store.say("info", "There is no earlier exam of this person here.");
    if (previous.value) view.layout.value = "compare";
    else await openBeside(earlier.id);
  };
  const openBeside = async (id: string): Promise<void> => {
    try {
      const opened = await openExam(id, leaving.signal);
      previous.value?.store.close();
      previous.value = opened;
      view.layout.value = "compare";
    } catch (error) {
      if (!leaving.signal.aborted) store.say("error", wordsOf(error));
    }
  };
  const next = async (): Promise<void> => {
    try {
      const id = await nextToReview(store.examId);
      if (id === null) store.say("info", "No other exam waits for a review.");
      else go(`/exams/${id}`);
    } catch (error) {
      store.say("error", wordsOf(error));
    }
  };

  useReadingKeys(exam, {
    canEdit,
    compare: () => void compare(),
    sign: () => canEdit && setDialog("sign"),
    next: () => void next(),
    help: () => setDialog("help"),
  });
  useEffect(
    () => () => {
      leaving.abort();
      previous.value?.store.close();
    },
    [],
  );
  useKeptEdits(store);
  useFreedKeys();
  useFirstPlace(exam);
  useEffect(() => {
    if (!canEdit) return;
    void store.holdLock();
    const again = setInterval(() => void store.holdLock(), LOCK_MS);
    return () => {
      clearInterval(again);
      void store.leaveLock();
    };
  }, [canEdit, store]);
  useMatchedLevel(exam, previous.value);

  const act = (id: number): void => void actOn(store, view, id);
  const pane = { volume, fraction, view, store, canEdit, onAct: act };
  const layout = exam.note !== null ? "axial" : view.layout.value;
  return (
    <main class="reading" data-layout={layout}>
      <ReadingHead
        exam={exam}
        canEdit={canEdit}
        isComparing={layout === "compare"}
        onCompare={() => void compare()}
        earlier={previous.value?.detail.value.row ?? null}
        onEarlier={(id) => void openBeside(id)}
        onSign={() => setDialog("sign")}
        onNext={() => void next()}
        onHelp={() => setDialog("help")}
      />
      <Palette view={view} store={store} canEdit={canEdit} />
      <section class="panes" aria-label="Images">
        <ScanPane
          {...pane}
          plane="axial"
          isMain
          title={layout === "compare" ? `This exam, ${date(exam.detail.value.row.exam_date)}: score ${score(store.score.value?.total.agatston)}` : "Axial"}
          onStroke={(points) => void endStroke(store, view, points)}
        />
        {layout === "reading" && <ScanPane {...pane} plane="coronal" title="Coronal" />}
        {layout === "reading" && <ScanPane {...pane} plane="sagittal" title="Sagittal" />}
        {layout === "reading" && <ScanPane {...pane} plane="axial" isProjection title="Projection" />}
        {layout === "compare" && previous.value && (
          <ScanPane
            volume={previous.value.volume}
            fraction={previous.value.fraction}
            view={previous.value.view}
            store={previous.value.store}
            plane="axial"
            canEdit={false}
            onAct={() => {}}
            title={`Earlier exam, ${date(previous.value.detail.value.row.exam_date)}: score ${score(previous.value.detail.value.row.agatston)}, ${previous.value.detail.value.row.state === "final" ? "signed" : "not signed"}`}
            key={previous.value.store.examId}
          />
        )}
        {canEdit && <ToolBar view={view} store={store} />}
        {store.isWaiting.value && (
          <p class="waiting" role="status">Your last edit has not reached the server. It waits here, and is sent when the server answers.</p>
        )}
        {store.notice.value && (
          <div class="notice">
            <Message kind={store.notice.value.kind} onClose={() => (store.notice.value = null)}>
              {store.notice.value.text}
            </Message>
          </div>
        )}
        {fraction.value < 1 && (
          <progress class="loading-bar" value={fraction.value} max={1} aria-label="Slices loaded" />
        )}
      </section>
      <CandidateStrip view={view} store={store} isVolume={exam.note === null} />
      <Panel exam={exam} canEdit={canEdit} onSign={() => setDialog("sign")} />
      {dialog === "help" && <HelpDialog sites={store.sites.value} onClose={() => setDialog(null)} />}
      {dialog === "addendum" && (
        <AddendumDialog
          onClose={() => setDialog(null)}
          onSay={(reason) => {
            setDialog(null);
            void beginAddendum(exam, reason);
          }}
        />
      )}
      {dialog === "blind" && (
        <BlindDialog
          onClose={() => setDialog(null)}
          onSay={(login) => {
            setDialog(null);
            void askForBlindRead(exam, login);
          }}
        />
      )}
      {dialog === "sign" && (
        <SignDialog
          exam={exam}
          onClose={() => setDialog(null)}
          onAsk={setDialog}
          onSigned={async (wasBlind) => {
            setDialog(null);
            await Promise.all([store.load(), refresh(exam)]);
            if (wasBlind) store.say("info", "Your blind read is kept for the agreement. You see now what was proposed.");
            else store.say("info", "Signed. The report and the DICOM objects come under Record. Shift + N opens the next exam.");
          }}
        />
      )}
    </main>
  );
}

function earlierExam(exam: OpenedExam) {
  const { row } = exam.detail.value;
  const readable = readableExams(exam);
  return readable.find((one) => (one.exam_date ?? "") <= (row.exam_date ?? "9999")) ?? readable[0];
}

/** A page with an edit that the server has not got asks before it is closed. */
function useKeptEdits(store: OpenedExam["store"]): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (store.isWaiting.value) event.preventDefault();
    };
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [store]);
}

/** Opens where most of the calcium is, unless the reader has gone somewhere already. */
function useFirstPlace({ view, store }: OpenedExam): void {
  const [began] = useState(view.at.peek());
  const isLoaded = store.isLoaded.value;
  useEffect(() => {
    if (!isLoaded || view.at.peek() !== began) return;
    const most = steps(store.candidates.value.values(), false)[0];
    if (!most) return;
    show(view, most);
    view.selected.value = null;
  }, [isLoaded]);
}

type Anchors = { here: Place; there: Place };

/**
 * A place of this exam, and the same of the earlier one: by the calcium as it is when they are set side by side or, where one has none, by the
 * middle; then, once all slices are here, by what the images show. An edit does not move the earlier exam away.
 */
function useAnchors(exam: OpenedExam, previous: OpenedExam | null): Anchors | null {
  const [anchors, setAnchors] = useState<Anchors | null>(null);
  const isLoaded = exam.store.isLoaded.value && (previous?.store.isLoaded.value ?? false);
  const isWhole = exam.fraction.value >= 1 && (previous?.fraction.value ?? 0) >= 1;
  useEffect(() => {
    if (!previous) return setAnchors(null);
    const [a, b] = [exam, previous].map((one) => calciumCentre(one.store.candidates.peek().values()));
    const guess: Anchors = a && b ? { here: a, there: b } : { here: middleOf(exam.view.grid), there: middleOf(previous.view.grid) };
    setAnchors(guess);
    if (!isWhole || !isLoaded) return;
    // it takes a moment: the images are shown first
    const wait = setTimeout(() => {
      const there = samePlace(exam.volume, guess.here, previous.volume, guess.there);
      setAnchors({ here: guess.here, there });
      performance.mark("corcal level");
    }, 50);
    return () => clearTimeout(wait);
  }, [exam, previous, isLoaded, isWhole]);
  return anchors;
}

/** A place in the axial images. */
function placeInImage(view: ViewState, [z, y, x]: Place): { u: number; v: number } {
  return toPlane(view.grid, "axial", { z, y, x });
}

/** Keeps the earlier exam at the same anatomical level, in the same window and as large. */
function useMatchedLevel(exam: OpenedExam, previous: OpenedExam | null): void {
  const { view } = exam;
  const at = view.at.value;
  const window = view.window.value;
  const slab = view.slabMm.value;
  const look = view.look.value;
  const anchors = useAnchors(exam, previous);
  useEffect(() => {
    if (!previous || !anchors) return;
    const { here, there } = anchors;
    const z = matchingSlice(at.z, { grid: view.grid, anchor: here[0] }, { grid: previous.view.grid, anchor: there[0] });
    previous.view.moveTo({ z });
    previous.view.window.value = window;
    previous.view.slabMm.value = slab;
    if (look) {
      const from = placeInImage(view, here);
      const to = placeInImage(previous.view, there);
      const scale = view.grid.spacing[2] / previous.view.grid.spacing[2];
      previous.view.look.value = {
        u: to.u + (look.u - from.u) * scale,
        v: to.v + (look.v - from.v) * scale,
        mmPerPixel: look.mmPerPixel,
      };
    }
  }, [at.z, window, slab, look, previous, anchors]);
}
