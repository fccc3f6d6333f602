/** Signing: what is frozen, said once more, and confirmed. */

import { useState } from "preact/hooks";

import { Problem, post, wordsOf } from "../api/http";
import { date, patientFacts, personName, score } from "../lib/format";
import { session } from "../lib/session";
import { refresh, type OpenedExam } from "../pages/reading";
import { Dialog } from "../ui/dialog";
import { Message } from "../ui/message";
import { TooLate, signatureOf, type Signature } from "./too_late";
import { authorOf, lastSigned } from "./versions";
import { VESSELS, isOnlyConfirmed } from "./sites";

type Props = {
  exam: OpenedExam;
  onClose: () => void;
  onSigned: (wasBlind: boolean) => Promise<void>;
  /** Asks for what comes next when somebody else has signed. */
  onAsk: (what: "addendum" | "blind") => void;
};

export function SignDialog(props: Props) {
  const { store } = props.exam;
  const { row, versions } = props.exam.detail.value;
  const before = lastSigned(versions);
  const [isConfirmed, setConfirmed] = useState(false);
  const [target, setTarget] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [other, setOther] = useState<Signature | null>(null);
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
      await refused(error);
      setBusy(false);
    }
  };

  /** Somebody else was faster: the dialog shows what is now, and nothing is signed by it. */
  const refused = async (error: unknown): Promise<void> => {
    const isLate = error instanceof Problem && (error.status === 423 || error.status === 409);
    if (isLate) await Promise.all([store.open(), refresh(props.exam)]);
    if (isLate && error.status === 423) {
      setOther(signatureOf(error, score(store.score.value?.total.agatston)));
    } else if (isLate && error.code === "conflict") {
      const who = typeof error.more.user === "string" ? error.more.user : "Another reader";
      setProblem(`${who} changed this review while you were signing, and nothing is signed yet. The scores above are those of the review as it is now: look at it once more.`);
      setConfirmed(false);
    } else setProblem(wordsOf(error));
  };
  if (other) return <TooLate signature={other} onClose={props.onClose} onAsk={props.onAsk} />;

  return (
    <Dialog title={store.isBlind.value ? "End this blind read" : "Sign this score"} onClose={props.onClose}>
      <form onSubmit={(event) => void sign(event)}>
        <p class="sign-whose">
          <strong><bdi>{personName(row.patient.name)}</bdi></strong>{" "}
          <span class="quiet">{[...patientFacts(row.patient, row.exam_date), date(row.exam_date)].join(" · ")}</span>
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
              : table.is_changed && !isOnlyConfirmed(table)
                ? `Changed by you or another reader; automatic: ${score(table.automatic.total_agatston)}.`
                : "As proposed: no reader has changed anything."}
          </p>
        )}
        {before && !store.isBlind.value && (
          <p class="whose whose-reader">
            An addendum: it corrects version {before.number}, signed by {authorOf(before)} with score {score(before.agatston)}.
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
