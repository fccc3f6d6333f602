/** The worklist: find an exam, see how far it is, bring new ones. */

import { useSignal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";

import { post, wordsOf } from "../api/http";
import { onExam } from "../api/live";
import type { ExamRow, ExamState, Worklist } from "../api/types";
import { age, date, moment, personName, score, STATE_NAMES } from "../lib/format";
import { go } from "../lib/route";
import { mayRead } from "../lib/session";
import { Message } from "../ui/message";
import { UploadArea } from "./upload_area";

const PAGE = 50;
const STATES: readonly ExamState[] = ["to_review", "final", "waiting", "scoring", "unfit", "failed"];

type Sort = "exam_date" | "name" | "agatston" | "state" | "updated_at";
const COLUMNS: readonly { name: string; sort: Sort | null; class?: string }[] = [
  { name: "Patient", sort: "name" },
  { name: "Exam", sort: "exam_date" },
  { name: "State", sort: "state" },
  { name: "Agatston", sort: "agatston", class: "number" },
  { name: "Category", sort: null },
  { name: "Description", sort: null, class: "col-description" },
  { name: "Changed", sort: "updated_at", class: "col-changed" },
];

export function WorklistPage() {
  const list = useSignal<Worklist | null>(null);
  const problem = useSignal<string | null>(null);
  const q = useSignal("");
  const state = useSignal<ExamState | "">("");
  const sort = useSignal<string>("-exam_date");
  const offset = useSignal(0);
  const latest = useRef(0);

  const load = useCallback(async (): Promise<void> => {
    const mine = ++latest.current;
    try {
      const found = await post<Worklist>("/exams/search", {
        q: q.value,
        state: state.value ? [state.value] : [],
        sort: sort.value,
        limit: PAGE,
        offset: offset.value,
      });
      // an answer that was overtaken by a later question is not shown
      if (mine !== latest.current) return;
      list.value = found;
      problem.value = null;
    } catch (error) {
      if (mine === latest.current) problem.value = wordsOf(error);
    }
  }, []);

  useEffect(() => void load(), [state.value, sort.value, offset.value]);
  useEffect(() => {
    const wait = setTimeout(() => void load(), q.value ? 150 : 0);
    return () => clearTimeout(wait);
  }, [q.value]);
  useEffect(() => {
    let wait: ReturnType<typeof setTimeout> | undefined;
    const stop = onExam((news) => {
      const known = list.value?.items.some((row) => row.id === news.id);
      if (known && list.value) {
        list.value = { ...list.value, items: list.value.items.map((row) => (row.id === news.id ? { ...row, ...news } : row)) };
      }
      const isOnlyProgress = known && news.state === "scoring";
      if (isOnlyProgress) return;
      clearTimeout(wait);
      wait = setTimeout(() => void load(), 300);
    });
    return () => {
      clearTimeout(wait);
      stop();
    };
  }, []);

  const total = list.value?.total ?? 0;
  const counts = list.value?.counts;
  const clear = (): void => {
    offset.value = 0;
  };
  return (
    <main class="page">
      <div class="page-head">
        <h1>Worklist</h1>
        <form role="search" class="search" onSubmit={(event) => event.preventDefault()}>
          <input
            type="search" aria-label="Search by name, number or description" placeholder="Name, number, description"
            autocomplete="off" value={q.value}
            onInput={(event) => {
              clear();
              q.value = event.currentTarget.value;
            }}
          />
        </form>
        <div class="chips" role="group" aria-label="State">
          <Chip name="All" isOn={state.value === ""} onClick={() => { clear(); state.value = ""; }} />
          {STATES.map((one) => (
            <Chip
              key={one} name={STATE_NAMES[one]} count={counts?.[one]} isOn={state.value === one}
              onClick={() => { clear(); state.value = one; }}
            />
          ))}
        </div>
      </div>
      {mayRead.value && <UploadArea onDone={() => void load()} />}
      {problem.value && <Message kind="error">{problem.value}</Message>}
      <div class="table-frame">
        <table class="worklist">
          <caption class="sr-only">Exams</caption>
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <Head key={column.name} column={column} sort={sort.value} onSort={(next) => { clear(); sort.value = next; }} />
              ))}
            </tr>
          </thead>
          <tbody>
            {list.value?.items.map((row) => <Row key={row.id} row={row} />)}
          </tbody>
        </table>
        {list.value && list.value.items.length === 0 && (
          <p class="empty">
            {q.value || state.value ? "No exam matches." : "No exams yet. Drop a folder or a zip file of a calcium scan above."}
          </p>
        )}
      </div>
      <Pager total={total} offset={offset.value} onTurn={(next) => (offset.value = next)} />
    </main>
  );
}

function Chip(props: { name: string; count?: number; isOn: boolean; onClick: () => void }) {
  return (
    <button type="button" class="chip" aria-pressed={props.isOn} onClick={props.onClick}>
      {props.name}
      {props.count !== undefined && <span class="count">{props.count}</span>}
    </button>
  );
}

function Head(props: { column: (typeof COLUMNS)[number]; sort: string; onSort: (sort: string) => void }) {
  const { name, sort, class: look } = props.column;
  if (sort === null) return <th scope="col" class={look}>{name}</th>;
  const isUp = props.sort === sort;
  const isDown = props.sort === `-${sort}`;
  return (
    <th scope="col" class={look} aria-sort={isUp ? "ascending" : isDown ? "descending" : "none"}>
      <button type="button" class="sort" onClick={() => props.onSort(isDown ? sort : `-${sort}`)}>
        {name} <span aria-hidden="true">{isUp ? "▲" : isDown ? "▼" : ""}</span>
      </button>
    </th>
  );
}

function Row({ row }: { row: ExamRow }) {
  const isReadable = row.state === "to_review" || row.state === "final" || row.state === "unfit";
  const years = age(row.patient.birth_date, row.exam_date);
  const who = [row.patient.patient_id, row.patient.sex, years === null ? null : `${years} y`].filter(Boolean).join(" · ");
  const open = (event: MouseEvent): void => {
    if (isReadable && !(event.target as HTMLElement).closest("a, button")) go(`/exams/${row.id}`);
  };
  return (
    <tr class={isReadable ? "row-open" : ""} onClick={open}>
      <th scope="row">
        {isReadable ? <a href={`#/exams/${row.id}`}>{personName(row.patient.name)}</a> : personName(row.patient.name)}
        <small>{who}</small>
      </th>
      <td class="nowrap">{date(row.exam_date)}</td>
      <td><State row={row} /></td>
      <td class="number">{row.agatston === null ? <span class="quiet">–</span> : <strong>{score(row.agatston)}</strong>}</td>
      <td class="nowrap">{row.category ?? <span class="quiet">–</span>}</td>
      <td class="col-description">{row.description}</td>
      <td class="col-changed nowrap">{moment(row.updated_at)}</td>
    </tr>
  );
}

function State({ row }: { row: ExamRow }) {
  return (
    <div class="state-cell">
      <span class={`state state-${row.state}`}>{STATE_NAMES[row.state]}</span>
      {row.review_advised && row.state === "to_review" && <span class="tag tag-care" title="The automatic decisions are unsure">look closely</span>}
      {row.state === "scoring" && row.progress && (
        <span class="progress">
          <progress value={row.progress.fraction} max={1} aria-label={`Scoring: ${row.progress.step}`} />
          <small>{row.progress.step}</small>
        </span>
      )}
      {row.state_reason && (row.state === "unfit" || row.state === "failed") && <small class="reason">{row.state_reason}</small>}
      {row.signed_by && row.state === "final" && <small>{row.signed_by}</small>}
    </div>
  );
}

function Pager(props: { total: number; offset: number; onTurn: (offset: number) => void }) {
  const last = Math.min(props.offset + PAGE, props.total);
  return (
    <nav class="pager" aria-label="Pages of the worklist">
      <span role="status">
        {props.total === 0 ? "No exams" : `${props.offset + 1} to ${last} of ${props.total}`}
      </span>
      <button type="button" class="button" disabled={props.offset === 0} onClick={() => props.onTurn(Math.max(0, props.offset - PAGE))}>
        Previous
      </button>
      <button type="button" class="button" disabled={last >= props.total} onClick={() => props.onTurn(props.offset + PAGE)}>
        Next
      </button>
    </nav>
  );
}
