/** The risk form. Its fields, units and ranges are the server's: one table for all that asks. */

import { useEffect, useState } from "preact/hooks";

import { get, post, wordsOf } from "../api/http";
import type { PersonField } from "../api/types";
import { words } from "../lib/format";
import { Dialog } from "../ui/dialog";
import { Message } from "../ui/message";
import { personValues } from "./person_values";

export function PersonDialog(props: { examId: string; onClose: () => void; onTold: () => void }) {
  const [fields, setFields] = useState<PersonField[]>([]);
  const [values, setValues] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  useEffect(() => {
    Promise.all([
      get<PersonField[]>("/person-fields"),
      get<Record<string, unknown>>(`/exams/${props.examId}/person`),
    ])
      .then(([list, known]) => {
        setFields(list);
        setValues(Object.fromEntries(Object.entries(known).map(([name, value]) => [name, shownValue(value)])));
      })
      .catch((error: unknown) => setProblem(wordsOf(error)));
  }, [props.examId]);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await post(`/exams/${props.examId}/person`, personValues(fields, values));
      props.onTold();
    } catch (error) {
      setProblem(wordsOf(error));
      setBusy(false);
    }
  };
  const set = (name: string, value: string): void => setValues((now) => ({ ...now, [name]: value }));

  return (
    <Dialog title="Risk factors" onClose={props.onClose} size="wide">
      <form onSubmit={(event) => void submit(event)}>
        <p class="quiet">Leave open what is not known: it is not the same as no.</p>
        {problem && <Message kind="error">{problem}</Message>}
        <div class="person-form">
          {fields.map((field) => (
            <label class="field" key={field.name} title={field.definition || undefined}>
              <span>
                {capitalised(field.label)}
                {field.is_required && <span class="needed"> (needed)</span>}
              </span>
              <Input field={field} value={values[field.name] ?? ""} onInput={(value) => set(field.name, value)} />
            </label>
          ))}
        </div>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={props.onClose}>Cancel</button>
          <button type="submit" class="button button-main" disabled={isBusy}>{isBusy ? "Working…" : "Keep"}</button>
        </footer>
      </form>
    </Dialog>
  );
}

/** With a capital, unless it is a name with one of its own, such as eGFR. */
function capitalised(label: string): string {
  return /^[a-z][a-z ]/.test(label) ? label.charAt(0).toUpperCase() + label.slice(1) : label;
}

function shownValue(value: unknown): string {
  if (value === true) return "yes";
  if (value === false) return "no";
  return value === null || value === undefined ? "" : String(value);
}

function Input(props: { field: PersonField; value: string; onInput: (value: string) => void }) {
  const { field } = props;
  if (field.low !== null) {
    return (
      <span class="with-unit">
        <input
          type="number" step={field.is_whole ? 1 : "any"} min={field.low} max={field.high ?? undefined}
          required={field.is_required} value={props.value}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
        <small>{field.unit}</small>
      </span>
    );
  }
  const choices = field.choices ?? ["yes", "no"];
  return (
    <select required={field.is_required} value={props.value} onChange={(event) => props.onInput(event.currentTarget.value)}>
      <option value="">not known</option>
      {choices.map((choice) => (
        <option key={choice} value={choice}>{words(choice)}</option>
      ))}
    </select>
  );
}
