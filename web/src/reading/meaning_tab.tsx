/** What the score means for this person: category, percentile, risk, guidance. */

import { useState } from "preact/hooks";

import { percent, words } from "../lib/format";
import type { OpenedExam } from "../pages/reading";
import { Chart } from "../ui/chart";
import { useLoaded } from "../ui/loaded";
import { Message } from "../ui/message";
import {
  guidelineName,
  modelName,
  outcomeName,
  percentileWords,
  referenceName,
  schemeName,
  type Estimate,
  type Meaning,
  type Statement,
} from "./meaning_types";
import { PersonDialog } from "./person_dialog";

/** Up to so many facts are named; more of them are in the form. */
const FEW_FACTS = 4;
const FACTS: Record<string, string> = { age_years: "age" };

export function MeaningTab({ exam, canEdit }: { exam: OpenedExam; canEdit: boolean }) {
  const { store } = exam;
  const [isAsking, setAsking] = useState(false);
  const path = `/exams/${store.examId}`;
  const meaning = useLoaded<Meaning>(`${path}/interpretation`, store.sequence.value);
  const [told, setTold] = useState(0);
  const found = meaning.value;
  return (
    <>
      <p class="tab-actions">
        <button type="button" class="button" disabled={!canEdit} onClick={() => setAsking(true)}>
          Risk factors…
        </button>
        <span class="quiet">{personLine(found)}</span>
      </p>
      {meaning.words && <Message kind="info">{meaning.words}</Message>}
      {found && (
        <>
          <Categories found={found} />
          <Percentiles found={found} />
          <Chart
            path={`${path}/charts/percentile.svg`} version={`${store.sequence.value}-${told}`}
            about="Curves of the score by age, and where this person is"
          />
          <Risks found={found} />
          <Guidance found={found} />
          <Limits found={found} />
        </>
      )}
      {isAsking && (
        <PersonDialog
          examId={store.examId} onClose={() => setAsking(false)}
          onTold={() => {
            setAsking(false);
            setTold((now) => now + 1);
            meaning.again();
          }}
        />
      )}
    </>
  );
}

function personLine(found: Meaning | null): string {
  const person = found?.person;
  if (!person) return "Nothing is known of the person yet.";
  const known = Object.keys(person).filter((name) => person[name] !== null);
  if (known.length > FEW_FACTS) return `${known.length} facts known of the person`;
  return `Known of the person: ${known.map((name) => FACTS[name] ?? words(name)).join(", ")}`;
}

function Categories({ found }: { found: Meaning }) {
  return (
    <section>
      <h2>Category</h2>
      <dl class="pairs">
        {Object.values(found.categories).map((one) => (
          <div key={one.scheme} title={one.reading}>
            <dt>{schemeName(one.scheme)}</dt>
            <dd>{one.code} <small>{one.label}</small></dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Percentiles({ found }: { found: Meaning }) {
  const age = found.arterial_age;
  return (
    <section>
      <h2>Compared with others</h2>
      <dl class="stacked">
        {Object.values(found.percentile).map((one) => (
          <div key={one.reference}>
            <dt>{referenceName(one.reference)}</dt>
            <dd>
              {percentileWords(one)}
              {one.not_covered === null && one.group && <small>{one.group}</small>}
            </dd>
          </div>
        ))}
        <div>
          <dt>Arterial age</dt>
          <dd>
            {age.years === null
              ? age.not_covered
              : `${Math.round(age.years)} years (${Math.round(age.low ?? age.years)} to ${Math.round(age.high ?? age.years)})`}
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Risks({ found }: { found: Meaning }) {
  const known = found.estimates.filter((one) => one.fraction !== null && one.years === 10);
  const unknown = found.estimates.filter((one) => one.fraction === null && one.years === 10);
  if (found.estimates.length === 0) {
    return (
      <section>
        <h2>Risk</h2>
        <p class="quiet">Age, sex and risk factors are needed.</p>
      </section>
    );
  }
  return (
    <section>
      <h2>Risk in ten years</h2>
      {known.length > 0 && (
        <table class="score-table">
          <tbody>
            {known.map((one) => (
              <tr key={`${one.model}-${one.outcome}`}>
                <th scope="row">{modelName(one.model)}<small>{outcomeName(one.outcome)}</small></th>
                <td>{risk(one)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {unknown.length > 0 && (
        <details>
          <summary>Not estimated ({unknown.length})</summary>
          <ul class="plain-list">
            {unknown.map((one) => (
              <li key={`${one.model}-${one.outcome}`}>
                <strong>{modelName(one.model)}</strong>, {outcomeName(one.outcome)}: {one.not_valid ?? `needs ${one.missing.map(words).join(", ")}`}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function risk(one: Estimate): string {
  return one.fraction !== null && one.fraction < 0.1 ? `${(one.fraction * 100).toFixed(1)} %` : percent(one.fraction);
}

function Guidance({ found }: { found: Meaning }) {
  if (found.guidance.length === 0) return null;
  return (
    <section>
      <h2>Guidance</h2>
      <p class="quiet">What guidelines say, in corcal's words; never an order.</p>
      <ul class="statements">
        {found.guidance.map((one) => <Said key={one.id} one={one} cited={found.sources.find((source) => source.key === one.source)?.citation} />)}
      </ul>
    </section>
  );
}

function Said({ one, cited }: { one: Statement; cited: string | undefined }) {
  const { text, note } = withoutNote(one.text);
  const grade = [one.strength && `class ${one.strength}`, one.evidence && `level ${one.evidence}`].filter(Boolean).join(", ");
  return (
    <li>
      <p>{text}</p>
      <details>
        <summary>{guidelineName(one)}, {words(one.topic)}{grade && `, ${grade}`}{note && ", second hand"}</summary>
        {note && <p>{note}</p>}
        {one.fired_by.length > 0 && <p>Because of: {one.fired_by.join("; ")}.</p>}
        {one.would_change.length > 0 && <p>Would change with: {one.would_change.join("; ")}.</p>}
        {cited && <p class="quiet">{cited}</p>}
      </details>
    </li>
  );
}

/** A statement and the note in brackets at its end, which says that the source itself was not read. */
function withoutNote(all: string): { text: string; note: string | null } {
  const found = /^(.*?)\s*\[([^\]]+)\]$/s.exec(all);
  return found ? { text: found[1] ?? all, note: found[2] ?? null } : { text: all, note: null };
}

function Limits({ found }: { found: Meaning }) {
  if (found.limits.length === 0) return null;
  return (
    <details>
      <summary>What is not said, and why ({found.limits.length})</summary>
      <ul class="plain-list">
        {found.limits.map((one) => <li key={one.text}>{one.text}</li>)}
      </ul>
    </details>
  );
}
