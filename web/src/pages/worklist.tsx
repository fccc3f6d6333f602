/** The worklist: find an exam, see how far it is, bring new ones. */

import { useSignal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";

import { wordsOf } from "../api/http";
import { onExam, onReturn } from "../api/live";
import type { ExamRow, ExamState } from "../api/types";
import { date, moment, patientFacts, personName, score, sentence, straight, STATE_NAMES } from "../lib/format";
import { go } from "../lib/route";
import { mayRead } from "../lib/session";
import { PAGE, lastOpened, list, offset, q, search, sort, state } from "../lib/worklist";
import { Message } from "../ui/message";
import { UploadArea } from "./upload_area";

const STATES: readonly ExamState[] = ["to_review", "final", "waiting", "scoring", "unfit", "failed"];

/** Letters that are typed in a row are one question. */
const SETTLE_MS = 80;

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
  const problem = useSignal<string | null>(null);
  const latest = useRef(0);

  const load = useCallback(async (): Promise<void> => {
    const mine = ++latest.current;
    try {
      const found = await search();
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
    const wait = setTimeout(() => void load(), q.value ? SETTLE_MS : 0);
    return () => clearTimeout(wait);
  }, [q.value]);
  useEffect(() => {
    let wait: ReturnType<typeof setTimeout> | undefined;
    const stop = onExam((news) => {
      // a new state comes with numbers that only the list has: progress alone is shown at once
      const row = list.value?.items.find((one) => one.id === news.id);
      if (row && list.value && news.state === "scoring") {
        const { progress } = news;
        list.value = { ...list.value, items: list.value.items.map((one) => (one === row ? { ...row, state: "scoring", progress } : one)) };
        if (row.state === "scoring") return;
      }
      clearTimeout(wait);
      wait = setTimeout(() => void load(), 300);
    });
    const stopReturn = onReturn(() => void load());
    return () => {
      clearTimeout(wait);
      stop();
      stopReturn();
    };
  }, []);
  useMarks();
  useBackWhereOneWas();
  useListKeys();

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
            type="search" aria-label="Search by name, number or description" placeholder="Name, number, description ( / )"
            autocomplete="off" value={q.value}
            onInput={(event) => {
              clear();
              performance.mark("corcal typed");
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
          <colgroup>
            {COLUMNS.map((column) => <col key={column.name} class={`col-${column.name.toLowerCase()}`} />)}
          </colgroup>
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

/** For who measures: when the list was asked for, and when it was on the screen. */
function useMarks(): void {
  const shown = list.value;
  useEffect(() => {
    if (!shown) return;
    requestAnimationFrame(() => {
      performance.mark("corcal worklist shown");
      const typed = performance.getEntriesByName("corcal typed").pop();
      if (typed) performance.measure("corcal search", { start: typed.startTime });
      performance.clearMarks("corcal typed");
    });
  }, [shown]);
}

/** Coming back from an exam, one is at its line. */
function useBackWhereOneWas(): void {
  useEffect(() => {
    const link = document.querySelector<HTMLElement>(`.row-last a`);
    link?.scrollIntoView({ block: "nearest" });
    link?.focus({ preventScroll: true });
  }, []);
}

/** `/` searches; the arrows go from exam to exam, and Enter opens one, as any link. */
function useListKeys(): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const target = event.target as HTMLElement;
      const isSearch = target instanceof HTMLInputElement && target.type === "search";
      const isTyping = !isSearch && target.closest("input, select, textarea") !== null;
      if (event.key === "/" && !isSearch && !isTyping) {
        event.preventDefault();
        document.querySelector<HTMLElement>("input[type=search]")?.focus();
      }
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (step === 0 || isTyping) return;
      const links = [...document.querySelectorAll<HTMLElement>(".worklist tbody th a")];
      const now = links.indexOf(document.activeElement as HTMLElement);
      const next = links[now < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(now + step, 0), links.length - 1)];
      if (!next) return;
      event.preventDefault();
      next.focus();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
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
  // a name may be written from right to left: it does not turn what stands beside it
  const name = <bdi>{personName(row.patient.name)}</bdi>;
  const who = patientFacts(row.patient, row.exam_date).join(" · ");
  const open = (event: MouseEvent): void => {
    if (isReadable && !(event.target as HTMLElement).closest("a, button")) go(`/exams/${row.id}`);
  };
  return (
    <tr class={`${isReadable ? "row-open" : ""} ${row.id === lastOpened.value ? "row-last" : ""}`} onClick={open}>
      <th scope="row" title={personName(row.patient.name)}>
        {isReadable ? <a href={`#/exams/${row.id}`}>{name}</a> : name}
        <small>{who}</small>
      </th>
      <td class="nowrap">{date(row.exam_date)}</td>
      <td><State row={row} /></td>
      <td class="number">{row.agatston === null ? <span class="quiet">–</span> : <strong>{score(row.agatston)}</strong>}</td>
      <td class="nowrap">{row.category ?? <span class="quiet">–</span>}</td>
      <td class="col-description" title={row.description ?? undefined}><bdi>{straight(row.description ?? "")}</bdi></td>
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
      {row.state_reason && (row.state === "unfit" || row.state === "failed") && <small class="reason" title={row.state_reason}>{sentence(row.state_reason)}</small>}
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
