/** Who is read, in which state, and what can be done with the whole exam. */

import type { OpenedExam } from "../pages/reading";
import { age, date, personName, STATE_NAMES } from "../lib/format";
import { IconButton } from "./palette";

export function ReadingHead(props: {
  exam: OpenedExam;
  canEdit: boolean;
  isComparing: boolean;
  isAdmin: boolean;
  onCompare: () => void;
  onSign: () => void;
  onHelp: () => void;
  onBack: () => void;
}) {
  const { store } = props.exam;
  const { row, lock } = props.exam.detail.value;
  const years = age(row.patient.birth_date, row.exam_date);
  const who = [years === null ? null : `${years} y`, row.patient.sex, row.patient.patient_id].filter(Boolean);
  return (
    <header class="reading-head">
      <a class="button button-quiet" href="#/exams" aria-label="Back to the worklist">
        ← <span class="wide-only">Worklist</span>
      </a>
      <h1>
        {personName(row.patient.name)} <small>{who.join(" · ")}</small>
      </h1>
      <span class="exam-date">{date(row.exam_date)}</span>
      <span class={`state state-${row.state}`}>{STATE_NAMES[row.state]}</span>
      {lock && <span class="lock">also open: {lock.user}</span>}
      <span class="spacer" />
      {props.canEdit && (
        <span class="group" role="group" aria-label="History of edits">
          <IconButton
            name="Undo" hint="u" isDisabled={!store.canUndo.value}
            onClick={() => void store.edit({ type: "undo" })} icon="M9 7L4 12l5 5M4 12h11a5 5 0 0 1 0 10"
          />
          <IconButton
            name="Redo" hint="Shift+u" isDisabled={!store.canRedo.value}
            onClick={() => void store.edit({ type: "redo" })} icon="M15 7l5 5-5 5M20 12H9a5 5 0 0 0 0 10"
          />
        </span>
      )}
      <button type="button" class="button" aria-pressed={props.isComparing} onClick={props.onCompare} title="Earlier exam beside this one (x)">
        Compare
      </button>
      <button type="button" class="button" onClick={props.onHelp} title="Keys (?)">
        Keys
      </button>
      {props.canEdit && (
        <button type="button" class="button button-main" onClick={props.onSign} title="Sign (Shift+S)">
          Sign…
        </button>
      )}
    </header>
  );
}
