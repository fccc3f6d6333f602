/** The score: by artery, whose it is, and by which rule. */

import { useState } from "preact/hooks";

import type { Amounts, Candidate, ScoreTable } from "../api/types";
import { decimal, percent, score, words } from "../lib/format";
import type { OpenedExam } from "../pages/reading";
import { show } from "./actions";
import type { ReviewStore } from "./review_store";
import { VESSELS, isByReader, isVessel, siteColour, siteName, steps } from "./sites";
import { slices } from "./candidate_strip";
import { Swatch } from "../ui/swatch";

export function ScoreTab(props: { exam: OpenedExam; canEdit: boolean }) {
  const { store } = props.exam;
  const table = store.score.value;
  if (!table) return <p class="quiet">Loading the score…</p>;
  return (
    <>
      <Headline table={table} exam={props.exam} />
      <Arteries table={table} store={store} />
      <Elsewhere table={table} store={store} />
      <Lesions exam={props.exam} />
      <RuleForm table={table} store={store} canEdit={props.canEdit} />
    </>
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
        {table.is_changed && before !== null && ` Automatic: ${score(before)}.`}
      </p>
      {row.review_advised && !table.is_complete && (
        <p class="advice">Look at this one with care: the automatic decisions are unsure.</p>
      )}
    </section>
  );
}

function whoseWords(table: ScoreTable, isBlind: boolean): string {
  if (isBlind) return "A blind read: nothing is proposed.";
  if (!table.is_changed) return "As proposed; no reader has changed anything.";
  const count = table.changed_by_reader;
  return count === 0
    ? "Changed by the reader."
    : `${count === 1 ? "One candidate is" : `${count} candidates are`} the reader's; the rest is automatic.`;
}

function Arteries({ table, store }: { table: ScoreTable; store: ReviewStore }) {
  const sites = store.sites.value;
  return (
    <table class="score-table">
      <caption>By artery</caption>
      <thead>
        <tr><th scope="col">Artery</th><th scope="col">Agatston</th><th scope="col">mm³</th><th scope="col">mg</th><th scope="col">n</th></tr>
      </thead>
      <tbody>
        {VESSELS.map((vessel) => (
          <Row key={vessel} name={vessel} colour={siteColour(sites, vessel)} amounts={table.vessels[vessel]} isChanged={isChanged(table, table.vessels[vessel])} />
        ))}
      </tbody>
      <tfoot>
        <Row name="Total" amounts={table.total} isChanged={isChanged(table, table.total)} />
      </tfoot>
    </table>
  );
}

/** Whether a row differs from what was proposed, by more than rounding can. */
function isChanged(table: ScoreTable, amounts: Amounts | undefined): boolean {
  const before = amounts?.automatic_agatston;
  return table.is_changed && before !== undefined && Math.abs((amounts?.agatston ?? 0) - before) > 1e-6;
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

function Elsewhere({ table, store }: { table: ScoreTable; store: ReviewStore }) {
  const found = Object.entries(table.other_sites).filter(([, amounts]) => amounts.agatston > 0);
  if (found.length === 0) return null;
  return (
    <table class="score-table">
      <caption>Elsewhere, not in the total</caption>
      <tbody>
        {found.map(([label, amounts]) => (
          <tr key={label}>
            <th scope="row">{siteName(store.sites.value, label) || words(label)}</th>
            <td>{score(amounts.agatston)}</td>
            <td>{decimal(amounts.volume_mm3, 0)}</td>
            <td>{amounts.mass_mg === null ? "–" : decimal(amounts.mass_mg, 1)}</td>
            <td>{amounts.lesion_count}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Lesions({ exam }: { exam: OpenedExam }) {
  const { store, view } = exam;
  const list = steps(store.candidates.value.values(), view.showAll.value);
  return (
    <details class="lesions" open>
      <summary>Candidates ({list.length})</summary>
      <ul>
        {list.map((one) => (
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
