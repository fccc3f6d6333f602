/** How far automatic scores and readers, or two readers, agree. */

import { useEffect, useState } from "preact/hooks";

import { get, post, wordsOf } from "../api/http";
import type { AgreementStudy, Certain } from "../api/types";
import { decimal, moment } from "../lib/format";
import { AgreementChart } from "./agreement_chart";
import { Message } from "../ui/message";

type Blind = { exam_id: string; asked_by: string; asked_at: string };

export function AgreementPage() {
  const [kind, setKind] = useState<"automatic_reader" | "reader_reader">("automatic_reader");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [readers, setReaders] = useState("");
  const [study, setStudy] = useState<AgreementStudy | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  const ask = async (): Promise<void> => {
    setBusy(true);
    try {
      const named = readers.split(/[\s,;]+/).filter(Boolean);
      setStudy(await post<AgreementStudy>("/agreement", { kind, from: from || null, to: to || null, readers: named }));
      setProblem(null);
    } catch (error) {
      setStudy(null);
      setProblem(wordsOf(error));
    }
    setBusy(false);
  };
  useEffect(() => void ask(), [kind]);

  return (
    <main class="page">
      <div class="page-head"><h1>Agreement</h1></div>
      <form class="inline-form" onSubmit={(event) => { event.preventDefault(); void ask(); }}>
        <label class="field">
          Compare
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value as typeof kind)}>
            <option value="automatic_reader">automatic and reader</option>
            <option value="reader_reader">reader and blind second reader</option>
          </select>
        </label>
        <label class="field">Exams from<input type="date" value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></label>
        <label class="field">to<input type="date" value={to} onInput={(event) => setTo(event.currentTarget.value)} /></label>
        <label class="field">Readers<input placeholder="all" value={readers} onInput={(event) => setReaders(event.currentTarget.value)} /></label>
        <button type="submit" class="button button-main" disabled={isBusy}>{isBusy ? "Computing…" : "Compute"}</button>
      </form>
      {problem && <Message kind="info">{problem}</Message>}
      {study && <Study study={study} first={study.first ?? "first"} second={study.second ?? "second"} isProposed={study.second === "automatic"} />}
      <BlindReads />
    </main>
  );
}

function Study({ study, first, second, isProposed }: { study: AgreementStudy; first: string; second: string; isProposed: boolean }) {
  if (study.n === 0) return <p class="empty">No exams have both yet. Sign some exams, or ask for blind second reads.</p>;
  const range = (one: Certain | null) =>
    one === null || one.value === null ? (
      <>–<small>too few exams</small></>
    ) : (
      <>
        {one.value.toFixed(3)}
        {one.low !== null && one.high !== null && <small>95 % {one.low.toFixed(3)} to {one.high.toFixed(3)}</small>}
      </>
    );
  const ba = study.bland_altman;
  return (
    <>
      {isProposed && <p class="quiet">Readers saw the automatic score before they signed: this tells what they changed, and is no independent agreement.</p>}
      <dl class="facts">
        <div><dt>Exams</dt><dd>{study.n}</dd></div>
        <div><dt>Intraclass correlation</dt><dd>{range(study.icc)}</dd></div>
        <div><dt>Weighted kappa of categories</dt><dd>{range(study.kappa)}</dd></div>
        <div>
          <dt>Mean of {second} minus {first}</dt>
          <dd>
            {decimal(ba?.bias)}
            {ba?.low != null && <small>limits of agreement {decimal(ba.low)} to {decimal(ba.high)}</small>}
          </dd>
        </div>
      </dl>
      <div class="two">
        {ba && ba.bias !== null && ba.low !== null && ba.high !== null && (
          <section class="section">
            <h2>Bland-Altman, Agatston score</h2>
            <AgreementChart what={`${second} minus ${first}`} points={ba.points} bias={ba.bias} low={ba.low} high={ba.high} />
          </section>
        )}
        <section class="section">
          <h2>Categories</h2>
          <table class="matrix">
            <caption class="sr-only">Categories by {first} (rows) and by {second} (columns)</caption>
            <thead>
              <tr><th scope="col">{first} ↓ {second} →</th>{study.table.labels.map((label) => <th scope="col" key={label}>{label}</th>)}</tr>
            </thead>
            <tbody>
              {study.table.counts.map((row, i) => (
                <tr key={study.table.labels[i]}>
                  <th scope="row">{study.table.labels[i]}</th>
                  {row.map((count, k) => <td key={study.table.labels[k]} class={i === k ? "same" : ""}>{count}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </div>
    </>
  );
}

function BlindReads() {
  const [list, setList] = useState<Blind[]>([]);
  useEffect(() => {
    get<Blind[] | { items: Blind[] }>("/blind-reads")
      .then((found) => setList(Array.isArray(found) ? found : found.items))
      .catch(() => setList([]));
  }, []);
  if (list.length === 0) return null;
  return (
    <section class="section">
      <h2>You are asked for blind second reads</h2>
      <ul>
        {list.map((one) => (
          <li key={one.exam_id}><a href={`#/exams/${one.exam_id}`}>Asked by {one.asked_by}, {moment(one.asked_at)}</a></li>
        ))}
      </ul>
    </section>
  );
}
