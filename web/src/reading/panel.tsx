/** The side panel: score, what it means, history, record. */

import { useSignal } from "@preact/signals";

import type { OpenedExam } from "../pages/reading";
import { HistoryTab } from "./history_tab";
import { MeaningTab } from "./meaning_tab";
import { RecordTab } from "./record_tab";
import { ScoreTab } from "./score_tab";

const TABS = [
  { id: "score", name: "Score" },
  { id: "meaning", name: "Meaning" },
  { id: "history", name: "History" },
  { id: "record", name: "Record" },
] as const;
type Tab = (typeof TABS)[number]["id"];

export function Panel(props: { exam: OpenedExam; canEdit: boolean; onSign: () => void }) {
  const open = useSignal<Tab>("score");
  const now = open.value;
  const turn = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = TABS.findIndex(({ id }) => id === open.value);
    const next = TABS[(at + step + TABS.length) % TABS.length];
    if (!next) return;
    open.value = next.id;
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <aside class="panel" aria-label="Numbers">
      <div class="tabs" role="tablist" aria-label="Numbers" onKeyDown={turn}>
        {TABS.map(({ id, name }) => (
          <button
            type="button" role="tab" key={id} id={`tab-${id}`} aria-controls="tab-panel"
            aria-selected={id === now} tabIndex={id === now ? 0 : -1} onClick={() => (open.value = id)}
          >
            {name}
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${now}`} tabIndex={0}>
        {now === "score" && <ScoreTab {...props} />}
        {now === "meaning" && <MeaningTab {...props} />}
        {now === "history" && <HistoryTab {...props} />}
        {now === "record" && <RecordTab {...props} />}
      </div>
    </aside>
  );
}
