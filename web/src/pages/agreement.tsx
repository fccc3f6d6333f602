/** How far automatic scores and readers, or two readers, agree. */

import { useEffect, useState } from "preact/hooks";

import { get, post, wordsOf } from "../api/http";
import type { AgreementStudy, Certain } from "../api/types";
import { decimal, moment, plural, sentence } from "../lib/format";
import { AgreementChart } from "./agreement_chart";
import { Loading, Message } from "../ui/message";

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
      {!study && !problem && <Loading what="the agreement" />}
      {study && <Study study={study} isOfReaders={kind === "reader_reader"} />}
      <BlindReads />
    </main>
  );
}

function Study({ study, isOfReaders }: { study: AgreementStudy; isOfReaders: boolean }) {
  const { first, second, bland_altman: ba } = study;
  if (study.n === 0) return <Nothing least={study.least_patients} isOfReaders={isOfReaders} />;
  const exams = `${plural(study.n, "exam")} of ${plural(study.patients, "patient")}`;
  return (
    <>
      {study.second === "automatic" && <p class="quiet">Readers saw the automatic score before they signed: this tells what they changed, and is no independent agreement.</p>}
      {study.patients < study.least_patients && (
        <Message kind="info">
          {exams}: enough for the mean difference and the table. Limits of agreement, ICC and kappa are told from{" "}
          {study.least_patients} patients on; of fewer, chance alone would decide them.
        </Message>
      )}
      <dl class="facts">
        <div><dt>Exams</dt><dd>{study.n}<small>of {plural(study.patients, "patient")}</small></dd></div>
        <Figure name="Intraclass correlation" one={study.icc} />
        <Figure name="Weighted kappa of categories" one={study.kappa} />
        <div>
          <dt>Mean of {second} minus {first}</dt>
          <dd>
            {decimal(ba.bias)}
            <small>{ba.lacks === null ? `limits of agreement ${decimal(ba.low)} to ${decimal(ba.high)}` : `no limits: ${ba.lacks}`}</small>
          </dd>
        </div>
      </dl>
      <div class="two">
        {ba.bias !== null && (
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

/** A statistic with its interval, or why there is none. */
function Figure({ name, one }: { name: string; one: Certain }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {one.value === null ? "–" : one.value.toFixed(3)}
        {one.lacks !== null && <small>{one.lacks}</small>}
        {one.value !== null && <small>{one.low !== null && one.high !== null ? `95 % ${one.low.toFixed(3)} to ${one.high.toFixed(3)}` : "no interval: the exams are too alike"}</small>}
      </dd>
    </div>
  );
}

function Nothing({ least, isOfReaders }: { least: number; isOfReaders: boolean }) {
  return (
    <section class="section">
      <p class="lead">No exam has both scores, with these dates and readers.</p>
      <table class="plain-table needs">
        <caption>What the figures need</caption>
        <tbody>
          <tr><th scope="row">Mean difference, plot, table of categories</th><td>1 exam</td></tr>
          <tr><th scope="row">Limits of agreement, intraclass correlation, kappa</th><td>{least} patients</td></tr>
        </tbody>
      </table>
      <p class="quiet">
        {sentence(isOfReaders
          ? "an exam counts when it is signed and another reader has read it blind: an admin asks for that under Record of an exam"
          : "an exam counts when a reader has signed it")}
      </p>
    </section>
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
