/** Who is read, in which state, and what can be done with the whole exam. */

import type { ExamRow } from "../api/types";
import type { OpenedExam } from "../pages/reading";
import { date, patientFacts, personName, score, STATE_NAMES, straight } from "../lib/format";
import { Amended } from "./amended";
import { IconButton } from "./palette";

/** Other exams of this person that have images and a score. */
export function readableExams(exam: OpenedExam): ExamRow[] {
  return exam.detail.value.previous.filter((one) => one.state === "to_review" || one.state === "final");
}

export function ReadingHead(props: {
  exam: OpenedExam;
  canEdit: boolean;
  isComparing: boolean;
  earlier: ExamRow | null;
  onCompare: () => void;
  onEarlier: (id: string) => void;
  onSign: () => void;
  onNext: () => void;
  onHelp: () => void;
}) {
  const { store } = props.exam;
  const { row, lock, versions } = props.exam.detail.value;
  const readable = readableExams(props.exam);
  const name = personName(row.patient.name);
  const number = straight(row.patient.patient_id ?? "");
  const facts = patientFacts({ ...row.patient, patient_id: null }, row.exam_date).reverse();
  return (
    <header class="reading-head">
      <a class="button button-quiet" href="#/exams" aria-label="Back to the worklist">
        ← <span class="wide-only">Worklist</span>
      </a>
      <h1 title={[name, ...facts, number].filter(Boolean).map((one) => `\u2068${one}\u2069`).join(" · ")}>
        <bdi class="who-name">{name}</bdi>
        {facts.length > 0 && <small class="who-facts">{facts.join(" · ")}</small>}
        {number && <small class="who-number"><bdi>{number}</bdi></small>}
      </h1>
      <span class="exam-date">{date(row.exam_date)}</span>
      <span class={`state state-${row.state}`}>{STATE_NAMES[row.state]}</span>
      <Amended versions={versions} isFinal={row.state === "final"} />
      {lock && <span class="lock" title={`Also open at ${lock.user}`}>also open: {lock.user}</span>}
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
      {props.isComparing && props.earlier && readable.length > 1 && (
        <select
          aria-label="Earlier exam" value={props.earlier.id}
          onChange={(event) => props.onEarlier(event.currentTarget.value)}
        >
          {readable.map((one) => (
            <option key={one.id} value={one.id}>{`${date(one.exam_date)}: ${score(one.agatston)}${one.state === "final" ? ", signed" : ""}`}</option>
          ))}
        </select>
      )}
      <button
        type="button" class="button" aria-pressed={props.isComparing} onClick={props.onCompare}
        disabled={readable.length === 0}
        title={readable.length === 0 ? "There is no earlier exam of this person here" : "Earlier exam beside this one (x)"}
      >
        Compare
      </button>
      <button type="button" class="button" onClick={props.onHelp} title="Keys (?)">
        Keys
      </button>
      <button
        type="button" class={props.canEdit ? "button" : "button button-main"} onClick={props.onNext}
        title="Next exam to review (Shift+N)"
      >
        Next
      </button>
      {props.canEdit && (
        <button type="button" class="button button-main" onClick={props.onSign} title="Sign (Shift+S)">
          Sign…
        </button>
      )}
    </header>
  );
}
