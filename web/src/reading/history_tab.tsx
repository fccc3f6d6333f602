/** The exams of this person over the years, and what was done in this review. */

import type { ExamRow, LogRow } from "../api/types";
import { date, moment, score, straight, words, STATE_NAMES } from "../lib/format";
import type { OpenedExam } from "../pages/reading";
import { Chart } from "../ui/chart";
import { useLoaded } from "../ui/loaded";
import { siteName } from "./sites";

type Change = { first: number; second: number; years: number; text: string; verdict: string; notes: string[] };
type Followup = { exams: { date: string | null; agatston: number }[]; changes: Change[]; notes: string[] };

export function HistoryTab({ exam }: { exam: OpenedExam; canEdit: boolean }) {
  const { store } = exam;
  const { row, previous } = exam.detail.value;
  const path = `/exams/${store.examId}`;
  return (
    <>
      {previous.length > 0 && (
        <section>
          <h2>Change</h2>
          <Chart path={`${path}/charts/history.svg`} version={store.sequence.value} about="The score over the years" />
          <Changes path={`${path}/followup`} version={store.sequence.value} />
        </section>
      )}
      <section>
        <h2>Exams of this person</h2>
        <table class="score-table exam-table">
          <thead>
            <tr><th scope="col">Date</th><th scope="col">Agatston</th><th scope="col">State</th></tr>
          </thead>
          <tbody>
            <Line row={{ ...row, agatston: store.score.value?.total.agatston ?? row.agatston }} isHere />
            {previous.map((one) => <Line key={one.id} row={one} isHere={false} />)}
          </tbody>
        </table>
      </section>
      <Log store={store} />
    </>
  );
}

function Line({ row, isHere }: { row: ExamRow; isHere: boolean }) {
  return (
    <tr>
      <th scope="row">{isHere ? <strong>{date(row.exam_date)}<small>this exam</small></strong> : <a href={`#/exams/${row.id}`}>{date(row.exam_date)}</a>}</th>
      <td>{score(row.agatston)}</td>
      <td>{STATE_NAMES[row.state]}</td>
    </tr>
  );
}

function Changes(props: { path: string; version: number }) {
  const { value, words: problem } = useLoaded<Followup>(props.path, props.version);
  if (problem) return <p class="quiet">{problem}</p>;
  if (!value) return null;
  // what happened last is what one reads for; the years before are one click away
  const [latest, ...before] = [...value.changes].reverse();
  return (
    <>
      {latest && <Told one={latest} />}
      {before.length > 0 && (
        <details>
          <summary>Changes before ({before.length})</summary>
          {before.map((one) => <Told key={`${one.first}-${one.second}`} one={one} />)}
        </details>
      )}
      {value.notes.map((note) => <p class="quiet" key={note}>{note}</p>)}
    </>
  );
}

function Told({ one }: { one: Change }) {
  return (
    <div class="change">
      <p>{one.text}</p>
      {one.notes.map((note) => <p class="quiet" key={note}>{note}</p>)}
    </div>
  );
}

function Log({ store }: { store: OpenedExam["store"] }) {
  const { value } = useLoaded<LogRow[]>(`/exams/${store.examId}/review/events`, store.sequence.value);
  if (!value || value.length === 0) return <p class="quiet">No edits in this review.</p>;
  return (
    <details open>
      <summary>Edits of this review ({value.length})</summary>
      <ol class="log">
        {[...value].reverse().map((one) => (
          <li key={one.sequence}>
            <span class="quiet">{one.sequence}</span>
            <span>{told(one, store)}</span>
            <small>{one.user}, {moment(one.at)}</small>
          </li>
        ))}
      </ol>
    </details>
  );
}

function told(one: LogRow, store: OpenedExam["store"]): string {
  const edit = (one.edit ?? one) as Record<string, unknown>;
  const site = (): string => siteName(store.sites.value, (edit.site as string | null) ?? null);
  switch (one.type) {
    case "assign": {
      const count = Array.isArray(edit.candidates) ? edit.candidates.length : 1;
      return `${count === 1 ? "a candidate" : `${count} candidates`} to ${site()}`;
    }
    case "split_line": return "split by a line";
    case "split_brush": return "split by a brush";
    case "region": return `a region to ${site()}`;
    case "threshold": return edit.threshold_hu === null ? "threshold of the rule" : `threshold ${String(edit.threshold_hu ?? edit.hu)} HU`;
    case "rule": return `rule ${words(String(edit.rule))}`;
    case "confirm": return "confirmed as a whole";
    case "comment": return `said: \u2068${straight(String(edit.text))}\u2069`;
    default: return words(one.type);
  }
}
