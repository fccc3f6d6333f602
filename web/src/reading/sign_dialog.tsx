/** Signing: what is frozen, said once more, and confirmed. */

import { useState } from "preact/hooks";

import { post, wordsOf } from "../api/http";
import type { ExamRow } from "../api/types";
import { date, patientFacts, personName, score } from "../lib/format";
import { session } from "../lib/session";
import { Dialog } from "../ui/dialog";
import { Message } from "../ui/message";
import type { ReviewStore } from "./review_store";
import { VESSELS } from "./sites";

export function SignDialog(props: { row: ExamRow; store: ReviewStore; onClose: () => void; onSigned: (wasBlind: boolean) => Promise<void> }) {
  const { store } = props;
  const [isConfirmed, setConfirmed] = useState(false);
  const [target, setTarget] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const table = store.score.value;
  const targets = session.value?.send_to ?? [];

  const sign = async (event: Event): Promise<void> => {
    event.preventDefault();
    const wasBlind = store.isBlind.value;
    setBusy(true);
    setProblem(null);
    try {
      await post(`/exams/${store.examId}/sign`, {
        expected_sequence: store.sequence.value,
        statement_confirmed: true,
        send_to: target || null,
      });
      await props.onSigned(wasBlind);
    } catch (error) {
      setProblem(wordsOf(error));
      setBusy(false);
    }
  };

  return (
    <Dialog title={store.isBlind.value ? "End this blind read" : "Sign this score"} onClose={props.onClose}>
      <form onSubmit={(event) => void sign(event)}>
        <p class="sign-whose">
          <strong><bdi>{personName(props.row.patient.name)}</bdi></strong>{" "}
          <span class="quiet">{[...patientFacts(props.row.patient, props.row.exam_date), date(props.row.exam_date)].join(" · ")}</span>
        </p>
        {table && (
          <dl class="sign-numbers">
            <div class="sign-total"><dt>Agatston score</dt><dd>{score(table.total.agatston)}</dd></div>
            {VESSELS.map((vessel) => (
              <div key={vessel}><dt>{vessel}</dt><dd>{score(table.vessels[vessel]?.agatston ?? 0)}</dd></div>
            ))}
          </dl>
        )}
        {table && (
          <p class={table.is_changed ? "whose whose-reader" : "whose"}>
            {store.isBlind.value
              ? "Read blind: nothing was proposed."
              : table.is_changed
                ? `Changed by you or another reader; automatic: ${score(table.automatic.total_agatston)}.`
                : "As proposed: no reader has changed anything."}
          </p>
        )}
        <p>
          {store.isBlind.value
            ? "Your read is kept for the agreement. It signs nothing, and it cannot be changed afterwards."
            : "A final version is frozen, with its report and DICOM objects. It cannot be changed; a correction makes an addendum, and this version stays readable."}
        </p>
        <label class="check">
          <input type="checkbox" autofocus checked={isConfirmed} onChange={(event) => setConfirmed(event.currentTarget.checked)} />
          I have looked at the whole scan, and I stand for the score as it is, also for what I did not change.
        </label>
        {targets.length > 0 && !store.isBlind.value && (
          <label class="field">
            Send to
            <select value={target} onChange={(event) => setTarget(event.currentTarget.value)}>
              <option value="">nowhere</option>
              {targets.map((name) => (
                <option key={name} value={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        {problem && <Message kind="error">{problem}</Message>}
        <footer class="dialog-foot">
          <span class="quiet">{store.isBlind.value ? "Read" : "Signed"} by {session.value?.user.name}</span>
          <button type="button" class="button" onClick={props.onClose}>Cancel</button>
          <button type="submit" class="button button-main" disabled={!isConfirmed || isBusy}>
            {isBusy ? "One moment…" : store.isBlind.value ? "End the read" : "Sign"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
