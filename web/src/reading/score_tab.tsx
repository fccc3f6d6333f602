/** The score: by artery, whose it is, and by which rule. */

import { useState } from "preact/hooks";

import type { Amounts, Candidate, Result, ScoreTable } from "../api/types";
import { decimal, percent, plural, score, sentence, words } from "../lib/format";
import type { OpenedExam } from "../pages/reading";
import { useLoaded } from "../ui/loaded";
import { placeIn } from "../viewer/geometry";
import { show } from "./actions";
import type { ReviewStore } from "./review_store";
import { VESSELS, isByReader, isOnlyConfirmed, isVessel, siteColour, siteName, steps } from "./sites";
import { slices } from "./candidate_strip";
import { Swatch } from "../ui/swatch";

/** So many lines are listed: a list of thousands makes every edit slow, and nobody reads it. */
const MOST_LISTED = 150;

export function ScoreTab(props: { exam: OpenedExam; canEdit: boolean }) {
  const { store } = props.exam;
  const table = store.score.value;
  if (store.refusal.value !== null) return <NoScore exam={props.exam} why={store.refusal.value} />;
  if (!table) return <p class="quiet">Loading the score…</p>;
  return (
    <>
      <Headline table={table} exam={props.exam} />
      <Sites table={table} store={store} />
      <Lesions exam={props.exam} />
      <RuleForm table={table} store={store} canEdit={props.canEdit} />
    </>
  );
}

/** An exam whose images can be looked at, but not scored. */
function NoScore({ exam, why }: { exam: OpenedExam; why: string }) {
  const { row } = exam.detail.value;
  return (
    <section class="headline">
      <p class="lead">{row.state === "unfit" ? "This scan cannot be scored." : "There is no score to review."}</p>
      <p class="advice">{sentence(row.state_reason ?? why)}</p>
    </section>
  );
}

function Headline({ table, exam }: { table: ScoreTable; exam: OpenedExam }) {
  const { total } = table;
  const row = exam.detail.value.row;
  const before = table.automatic.total_agatston ?? null;
  return (
    <section class="headline" aria-label="Total">
      <div class="headline-score">
        <output aria-live="polite">{score(total.agatston)}</output>
        <span>Agatston score</span>
      </div>
      <dl>
        <div><dt>Category</dt><dd>{total.category}</dd></div>
        {total.cac_drs && <div><dt>CAC-DRS</dt><dd>{total.cac_drs}</dd></div>}
        {total.interval && (
          <div>
            <dt>{percent(total.interval.level)} interval</dt>
            <dd>{score(total.interval.low)} to {score(total.interval.high)}</dd>
          </div>
        )}
      </dl>
      <p class={table.is_changed ? "whose whose-reader" : "whose"} data-testid="whose">
        {whoseWords(table, exam.store.isBlind.value)}
        {table.is_changed && !isOnlyConfirmed(table) && !exam.store.isBlind.value && before !== null && ` Automatic: ${score(before)}.`}
      </p>
      {row.review_advised && !exam.store.isBlind.value && <Doubts exam={exam} />}
    </section>
  );
}

/** Why the automatic score is unsure, and where: what is doubtful is one click away. */
function Doubts({ exam }: { exam: OpenedExam }) {
  const { value } = useLoaded<Result>(`/exams/${exam.store.examId}/result`);
  const reasons = value?.review?.reasons ?? [];
  return (
    <details class="doubts">
      <summary>Look closely: {reasons.length > 0 ? plural(reasons.length, "reason") : "the automatic decisions are unsure"}</summary>
      <ul>
        {reasons.map((one) => {
          const at = placeIn(one, exam.view.grid);
          return (
            <li key={one}>
              {sentence(one)}
              {at && (
                <button type="button" class="link" onClick={() => exam.view.moveTo(at)}>
                  Show<span class="sr-only"> slice {Math.round(at.z) + 1}</span>
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </details>
  );
}

function whoseWords(table: ScoreTable, isBlind: boolean): string {
  if (isBlind) return "A blind read: nothing is proposed.";
  if (!table.is_changed) return "As proposed; no reader has changed anything.";
  if (isOnlyConfirmed(table)) return "As proposed, and confirmed by a reader, who has changed nothing.";
  const count = table.changed_by_reader;
  return count === 0
    ? "Changed by the reader."
    : `${count === 1 ? "One candidate is" : `${count} candidates are`} the reader's; the rest is automatic.`;
}

/** One table, so that all numbers of a kind stand in one column. */
function Sites({ table, store }: { table: ScoreTable; store: ReviewStore }) {
  const sites = store.sites.value;
  const elsewhere = Object.entries(table.other_sites).filter(([, amounts]) => amounts.agatston > 0);
  return (
    <table class="score-table by-site">
      <caption class="sr-only">Score by artery, and elsewhere</caption>
      <thead>
        <tr><th scope="col">Artery</th><th scope="col">Agatston</th><th scope="col">mm³</th><th scope="col">mg</th><th scope="col">n</th></tr>
      </thead>
      <tbody>
        {VESSELS.map((vessel) => (
          <Row key={vessel} name={vessel} colour={siteColour(sites, vessel)} amounts={table.vessels[vessel]} isChanged={isChanged(table, table.vessels[vessel], store.isBlind.value)} />
        ))}
      </tbody>
      <tbody class="total">
        <Row name="Total" amounts={table.total} isChanged={isChanged(table, table.total, store.isBlind.value)} />
      </tbody>
      {elsewhere.length > 0 && (
        <tbody class="elsewhere">
          <tr><th scope="rowgroup" colSpan={5}>Elsewhere, not in the total</th></tr>
          {elsewhere.map(([label, amounts]) => (
            <Row key={label} name={siteName(sites, label) || words(label)} amounts={amounts} isChanged={false} />
          ))}
        </tbody>
      )}
    </table>
  );
}

/** Whether a row differs from what was proposed, by more than rounding can; to a blind reader nothing was. */
function isChanged(table: ScoreTable, amounts: Amounts | undefined, isBlind: boolean): boolean {
  const before = amounts?.automatic_agatston;
  return table.is_changed && !isBlind && before !== undefined && Math.abs((amounts?.agatston ?? 0) - before) > 1e-6;
}

function Row(props: { name: string; colour?: string; amounts: Amounts | undefined; isChanged: boolean }) {
  const { amounts } = props;
  return (
    <tr>
      <th scope="row">
        {props.colour && <Swatch colour={props.colour} />}
        {props.name}
        {props.isChanged && <span class="mark-reader" title="changed by the reader">✎<span class="sr-only"> changed by the reader</span></span>}
      </th>
      <td>
        {score(amounts?.agatston ?? 0)}
        {props.isChanged && <small class="was">auto. {score(amounts?.automatic_agatston)}</small>}
      </td>
      <td>{decimal(amounts?.volume_mm3 ?? 0, 0)}</td>
      <td>{amounts?.mass_mg === null ? "–" : decimal(amounts?.mass_mg ?? 0, 1)}</td>
      <td>{amounts?.lesion_count ?? 0}</td>
    </tr>
  );
}

function Lesions({ exam }: { exam: OpenedExam }) {
  const { store, view } = exam;
  const list = steps(store.candidates.value.values(), view.showAll.value);
  const hidden = store.candidates.value.size - list.length;
  return (
    <details class="lesions" open>
      <summary>
        Candidates ({list.length})
        {hidden > 0 && <small title="Bone, noise and what is no calcium; a shows them"> · {hidden} hidden</small>}
      </summary>
      <ul>
        {list.slice(0, MOST_LISTED).map((one) => (
          <li key={one.id}>
            <button
              type="button" class="lesion" aria-pressed={view.selected.value === one.id}
              onClick={() => show(view, one)}
            >
              <Swatch colour={isVessel(one.site) ? siteColour(store.sites.value, one.site) : null} />
              <span class="lesion-name">{isVessel(one.site) ? one.site : siteName(store.sites.value, one.site)}</span>
              <span class="lesion-score">{score(one.agatston)}</span>
              <span class="quiet">{slices(one.slices)}</span>
              <span class="quiet lesion-p">{doubt(one)}</span>
            </button>
          </li>
        ))}
      </ul>
      {list.length > MOST_LISTED && <p class="quiet">and {list.length - MOST_LISTED} smaller ones: → goes through all.</p>}
    </details>
  );
}

function doubt(one: Candidate): string {
  if (isByReader(one)) return "✎ reader";
  return one.probability === null ? "" : percent(one.probability);
}

function RuleForm({ table, store, canEdit }: { table: ScoreTable; store: ReviewStore; canEdit: boolean }) {
  const [hu, setHu] = useState<string | null>(null);
  const apply = (event: Event): void => {
    event.preventDefault();
    const value = Number(hu);
    if (hu !== null && Number.isFinite(value)) void store.edit({ type: "threshold", hu: value });
    setHu(null);
    (document.activeElement as HTMLElement | null)?.blur();
  };
  return (
    <form class="rule-form" onSubmit={apply}>
      <label>
        Rule
        <select
          value={table.rule.split("@")[0]} disabled={!canEdit}
          onChange={(event) => void store.edit({ type: "rule", rule: event.currentTarget.value })}
        >
          {store.rules.value.map((rule) => (
            <option key={rule} value={rule}>{words(rule)}</option>
          ))}
        </select>
      </label>
      <label>
        Threshold
        <span class="with-unit">
          <input
            type="number" step={1} min={store.lowestThreshold.value} value={hu ?? table.threshold_hu} disabled={!canEdit}
            onInput={(event) => setHu(event.currentTarget.value)}
          />
          HU
        </span>
      </label>
      {hu !== null && <button type="submit" class="button">Apply</button>}
    </form>
  );
}
