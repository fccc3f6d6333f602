/** Panes, palette, panel and keys of the reading view. */

import { useSignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

import { wordsOf } from "../api/http";
import { go } from "../lib/route";
import { isAdmin, mayRead } from "../lib/session";
import { openExam, refresh, type OpenedExam } from "../pages/reading";
import { Message } from "../ui/message";
import { matchingSlice, toPlane } from "../viewer/geometry";
import { actOn, endStroke, show } from "./actions";
import { CandidateStrip } from "./candidate_strip";
import { HelpDialog } from "./help_dialog";
import { useReadingKeys } from "./key_listener";
import { Palette } from "./palette";
import { Panel } from "./panel";
import { ReadingHead } from "./reading_head";
import { ScanPane } from "./scan_pane";
import { SignDialog } from "./sign_dialog";
import type { ViewState } from "./view_state";
import { calciumCentre, steps } from "./sites";

const LOCK_MS = 60_000;

export function ReadingView({ exam }: { exam: OpenedExam }) {
  const { view, store, volume, fraction } = exam;
  const previous = useSignal<OpenedExam | null>(null);
  const [dialog, setDialog] = useState<"sign" | "help" | null>(null);
  const isFinal = store.isFinal.value;
  const canEdit = mayRead.value && !isFinal && store.isLoaded.value;

  const compare = async (): Promise<void> => {
    if (view.layout.value === "compare") {
      view.layout.value = "reading";
      return;
    }
    const earlier = earlierExam(exam);
    if (!earlier) return store.say("info", "There is no earlier exam of this person here.");
    if (!previous.value) {
      try {
        previous.value = await openExam(earlier.id, new AbortController().signal);
      } catch (error) {
        return store.say("error", wordsOf(error));
      }
    }
    view.layout.value = "compare";
  };

  useReadingKeys(exam, {
    canEdit,
    isDialogOpen: dialog !== null,
    compare: () => void compare(),
    sign: () => canEdit && setDialog("sign"),
    help: () => setDialog("help"),
  });
  useEffect(() => () => previous.value?.store.close(), []);
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
  const layout = view.layout.value;
  return (
    <main class="reading" data-layout={layout}>
      <ReadingHead
        exam={exam}
        canEdit={canEdit}
        isComparing={layout === "compare"}
        onCompare={() => void compare()}
        onSign={() => setDialog("sign")}
        onHelp={() => setDialog("help")}
        onBack={() => go("/exams")}
        isAdmin={isAdmin.value}
      />
      <Palette view={view} store={store} canEdit={canEdit} />
      <section class="panes" aria-label="Images">
        <ScanPane
          {...pane}
          plane="axial"
          isMain
          title={layout === "compare" ? "This exam" : "Axial"}
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
            title={`Earlier exam, ${previous.value.detail.value.row.exam_date ?? "no date"}`}
          />
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
      <CandidateStrip view={view} store={store} />
      <Panel exam={exam} canEdit={canEdit} onSign={() => setDialog("sign")} />
      {dialog === "help" && <HelpDialog sites={store.sites.value} onClose={() => setDialog(null)} />}
      {dialog === "sign" && (
        <SignDialog
          store={store}
          onClose={() => setDialog(null)}
          onSigned={async () => {
            setDialog(null);
            await Promise.all([store.load(), refresh(exam)]);
            store.say("info", "Signed. The report and the DICOM objects are under Record.");
          }}
        />
      )}
    </main>
  );
}

function earlierExam(exam: OpenedExam) {
  const { row, previous } = exam.detail.value;
  const readable = previous.filter((one) => one.state === "to_review" || one.state === "final");
  return readable.find((one) => (one.exam_date ?? "") <= (row.exam_date ?? "9999")) ?? readable[0];
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

/** A place in the axial images; without one, their middle. */
function placeInImage(view: ViewState, at: [number, number, number] | null): { u: number; v: number } {
  const [nz, ny, nx] = view.grid.shape;
  const [z, y, x] = at ?? [nz / 2, ny / 2, nx / 2];
  return toPlane(view.grid, "axial", { z, y, x });
}

/** Keeps the earlier exam at the same anatomical level, in the same window and as large. */
function useMatchedLevel(exam: OpenedExam, previous: OpenedExam | null): void {
  const { view } = exam;
  const at = view.at.value;
  const window = view.window.value;
  const slab = view.slabMm.value;
  const look = view.look.value;
  useEffect(() => {
    if (!previous) return;
    const here = calciumCentre(exam.store.candidates.value.values());
    const there = calciumCentre(previous.store.candidates.value.values());
    const z = matchingSlice(
      at.z,
      { grid: view.grid, anchor: here?.[0] ?? null },
      { grid: previous.view.grid, anchor: there?.[0] ?? null },
    );
    previous.view.moveTo({ z });
    previous.view.window.value = window;
    previous.view.slabMm.value = slab;
    if (look) {
      const from = placeInImage(view, here && there ? here : null);
      const to = placeInImage(previous.view, here && there ? there : null);
      const scale = view.grid.spacing[2] / previous.view.grid.spacing[2];
      previous.view.look.value = {
        u: to.u + (look.u - from.u) * scale,
        v: to.v + (look.v - from.v) * scale,
        mmPerPixel: look.mmPerPixel,
      };
    }
  }, [at.z, window, slab, look, previous, exam.store.isLoaded.value, previous?.store.isLoaded.value]);
}
