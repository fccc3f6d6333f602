/** Versions with their files, what the scan is, and what can be done with the exam. */

import { useState } from "preact/hooks";

import { API, post, remove, wordsOf } from "../api/http";
import { onJob } from "../api/live";
import type { Result, Version } from "../api/types";
import { moment, score, words } from "../lib/format";
import { go } from "../lib/route";
import { isAdmin, mayRead } from "../lib/session";
import { refresh, type OpenedExam } from "../pages/reading";
import { Dialog } from "../ui/dialog";
import { useLoaded } from "../ui/loaded";
import { Message } from "../ui/message";
import { useEffect } from "preact/hooks";

const FILE_NAMES: Record<string, string> = {
  "report.pdf": "Report (PDF)",
  "report.html": "Report (HTML)",
  "letter.pdf": "Letter to the patient (PDF)",
  "letter.html": "Letter to the patient (HTML)",
  "result.json": "Record (JSON)",
  "segmentation.dcm": "Segmentation (DICOM)",
  "structured_report.dcm": "Structured report (DICOM)",
};
const KINDS: Record<Version["kind"], string> = {
  automatic: "automatic",
  reader: "reader, not signed",
  final: "final",
  addendum: "addendum",
};

type Files = { state: "none" | "making" | "ready" | "failed"; files: { name: string; media_type: string }[] };

export function RecordTab({ exam }: { exam: OpenedExam; canEdit: boolean }) {
  const { store } = exam;
  const { versions } = exam.detail.value;
  return (
    <>
      <section>
        <h2>Versions</h2>
        {[...versions].reverse().map((one, i) => (
          <VersionCard key={one.number} version={one} examId={store.examId} isOpen={i === 0} />
        ))}
      </section>
      <Actions exam={exam} />
      <ScanFacts examId={store.examId} version={versions.length} />
    </>
  );
}

function VersionCard(props: { version: Version; examId: string; isOpen: boolean }) {
  const { version } = props;
  const path = `/exams/${props.examId}/versions/${version.number}/files`;
  const files = useLoaded<Files>(path);
  useEffect(() => onJob(() => files.again()), [path]);
  useEffect(() => {
    if (files.value?.state !== "making") return;
    const wait = setTimeout(files.again, 1500);
    return () => clearTimeout(wait);
  }, [files.value]);
  const make = (): void => void post(path).then(files.again, files.again);
  const state = files.value?.state;
  const names = (files.value?.files ?? []).map((one) => one.name).sort((a, b) => order(a) - order(b));
  const others = names.filter((name) => !(name in FILE_NAMES));
  return (
    <details class="version" open={props.isOpen}>
      <summary>
        <strong>Version {version.number}</strong>, {KINDS[version.kind]}
        <small>{version.author}, {moment(version.created_at)}{version.agatston !== undefined && `, score ${score(version.agatston)}`}</small>
        {version.note && <small>{version.note}</small>}
      </summary>
      <FileList path={path} names={names.filter((name) => name in FILE_NAMES)} />
      {others.length > 0 && (
        <details>
          <summary>Other files ({others.length})</summary>
          <FileList path={path} names={others} />
        </details>
      )}
      {state === "making" && <p class="quiet" role="status">The report and the DICOM objects are being made…</p>}
      {state === "failed" && <p class="advice">The files could not be made.</p>}
      {(state === "none" || state === "failed") && mayRead.value && (
        <button type="button" class="button" onClick={make}>Make the report</button>
      )}
      {files.words && <p class="quiet">{files.words}</p>}
    </details>
  );
}

function order(name: string): number {
  const at = Object.keys(FILE_NAMES).indexOf(name);
  return at < 0 ? Number.MAX_SAFE_INTEGER : at;
}

function FileList(props: { path: string; names: string[] }) {
  return (
    <ul class="files">
      {props.names.map((name) => (
        <li key={name}>
          <a href={`${API}${props.path}/${name}`} download={name}>{FILE_NAMES[name] ?? name}</a>
        </li>
      ))}
    </ul>
  );
}

function Actions({ exam }: { exam: OpenedExam }) {
  const { store } = exam;
  const [asked, setAsked] = useState<"addendum" | "blind" | "delete" | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  if (!mayRead.value) return null;
  const close = (): void => setAsked(null);
  const act = async (work: () => Promise<unknown>, then: () => void | Promise<void>): Promise<void> => {
    setProblem(null);
    close();
    try {
      await work();
      await then();
    } catch (error) {
      setProblem(wordsOf(error));
    }
  };
  const reload = async (): Promise<void> => {
    await Promise.all([store.load(), refresh(exam)]);
  };
  const path = `/exams/${store.examId}`;
  return (
    <section>
      <h2>Exam</h2>
      {problem && <Message kind="error">{problem}</Message>}
      <div class="actions">
        {store.isFinal.value && <button type="button" class="button" onClick={() => setAsked("addendum")}>Addendum…</button>}
        {isAdmin.value && <button type="button" class="button" onClick={() => setAsked("blind")}>Blind second read…</button>}
        {!store.isFinal.value && (
          <button type="button" class="button" onClick={() => void act(() => post(`${path}/rescore`), () => go("/exams"))}>Score again</button>
        )}
        {isAdmin.value && <button type="button" class="button button-danger" onClick={() => setAsked("delete")}>Delete…</button>}
      </div>
      {asked === "addendum" && (
        <AskDialog title="Addendum" label="Why is the signed score corrected?" button="Begin the addendum" onClose={close}
          onSay={(reason) => void act(() => post(`${path}/addendum`, { reason }), reload)}
        >
          The signed version stays as it is; what you change now becomes a new version.
        </AskDialog>
      )}
      {asked === "blind" && (
        <AskDialog title="Blind second read" label="Login name of the second reader" button="Ask for it" onClose={close}
          onSay={(reader) => void act(() => post(`${path}/blind-reads`, { reader }), () => store.say("info", "The second reader was asked."))}
        >
          The second reader sees the exam without proposals and without your edits. Their read signs nothing; it is for the agreement.
        </AskDialog>
      )}
      {asked === "delete" && (
        <AskDialog title="Delete this exam" label="Type DELETE to go on" button="Delete" must="DELETE" onClose={close}
          onSay={() => void act(() => remove(path), () => go("/exams"))}
        >
          Scan, results, versions and files of this exam are deleted for good.
        </AskDialog>
      )}
    </section>
  );
}

function AskDialog(props: {
  title: string;
  label: string;
  button: string;
  must?: string;
  children: string;
  onClose: () => void;
  onSay: (text: string) => void;
}) {
  const [text, setText] = useState("");
  const isGood = props.must ? text === props.must : text.trim().length > 0;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isGood) props.onSay(text.trim());
        }}
      >
        <p>{props.children}</p>
        <label class="field">
          {props.label}
          <input value={text} autofocus autocomplete="off" onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={props.onClose}>Cancel</button>
          <button type="submit" class="button button-main" disabled={!isGood}>{props.button}</button>
        </footer>
      </form>
    </Dialog>
  );
}

function ScanFacts(props: { examId: string; version: number }) {
  const { value } = useLoaded<Result>(`/exams/${props.examId}/result`, props.version);
  if (!value) return null;
  const { scan, suitability, provenance } = value;
  const text = (fact: unknown): string => (fact === null || fact === undefined || fact === "" ? "–" : String(fact));
  const rows: [string, unknown][] = [
    ["Series", [scan.series_number, scan.series_description].filter(Boolean).join(", ")],
    ["Scanner", [scan.manufacturer, scan.model_name].filter(Boolean).join(" ")],
    ["Tube voltage", scan.kvp === null ? null : `${text(scan.kvp)} kV`],
    ["Slices", `${text(scan.slice_thickness_mm)} mm, every ${Number(scan.increment_mm).toFixed(2)} mm`],
    ["Kernel", scan.convolution_kernel],
    ["ECG-gated", scan.is_gated === null ? "not known" : scan.is_gated ? "yes" : "no"],
    ["Suitability", words(suitability.verdict)],
    ["Scored by", `corcal ${text(provenance.software_version)}, rule ${text(provenance.rule)}`],
  ];
  return (
    <section>
      <h2>Scan</h2>
      <dl class="pairs">
        {rows.map(([name, fact]) => (
          <div key={name}><dt>{name}</dt><dd>{text(fact)}</dd></div>
        ))}
      </dl>
      {suitability.findings.length > 0 && (
        <ul class="plain-list">
          {suitability.findings.map((one) => <li key={one.code} class={one.severity === "info" ? "quiet" : "advice"}>{one.message}</li>)}
        </ul>
      )}
    </section>
  );
}
