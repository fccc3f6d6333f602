/** Versions with their files, what the scan is, and what can be done with the exam. */

import { useEffect, useState } from "preact/hooks";

import { API, post, remove } from "../api/http";
import { onJob } from "../api/live";
import type { ExamRow, Result, Version } from "../api/types";
import { age, date, moment, personName, score, straight, words } from "../lib/format";
import { go } from "../lib/route";
import { isAdmin, mayRead } from "../lib/session";
import type { OpenedExam } from "../pages/reading";
import { useLoaded } from "../ui/loaded";
import { Then } from "./amended";
import { AddendumDialog, AskDialog, BlindDialog } from "./ask_dialog";
import { askForBlindRead, attempt, beginAddendum } from "./exam_actions";
import { VERSION_KINDS, authorOf, corrected } from "./versions";

const FILE_NAMES: Record<string, string> = {
  "report.pdf": "Report (PDF)",
  "report.html": "Report (HTML)",
  "letter.pdf": "Letter to the patient (PDF)",
  "letter.html": "Letter to the patient (HTML)",
  "result.json": "Record (JSON)",
  "segmentation.dcm": "Segmentation (DICOM)",
  "structured_report.dcm": "Structured report (DICOM)",
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
          <VersionCard
            key={one.number} version={one} before={corrected(versions, one)} examId={store.examId} isOpen={i === 0}
          />
        ))}
      </section>
      <Actions exam={exam} />
      <PatientFacts row={exam.detail.value.row} />
      <ScanFacts examId={store.examId} version={versions.length} />
    </>
  );
}

function VersionCard(props: { version: Version; before: Version | null; examId: string; isOpen: boolean }) {
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
        <strong>Version {version.number}</strong>, {VERSION_KINDS[version.kind]}
        <small>{authorOf(version)}, {moment(version.created_at)}{version.agatston !== undefined && `, score ${score(version.agatston)}`}</small>
        {version.note && !props.before && <small><bdi>{version.note}</bdi></small>}
      </summary>
      {props.before && <Then before={props.before} now={version} />}
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
  if (!mayRead.value) return null;
  const close = (): void => setAsked(null);
  /** Does it, and goes back to the worklist. */
  const leaveBy = (work: () => Promise<unknown>): void => {
    close();
    void attempt(exam, work).then((isDone) => isDone && go("/exams"));
  };
  const path = `/exams/${store.examId}`;
  return (
    <section>
      <h2>Exam</h2>
      <div class="actions">
        {store.isFinal.value && <button type="button" class="button" onClick={() => setAsked("addendum")}>Addendum…</button>}
        {isAdmin.value && <button type="button" class="button" onClick={() => setAsked("blind")}>Blind second read…</button>}
        {!store.isFinal.value && (
          <button type="button" class="button" onClick={() => leaveBy(() => post(`${path}/rescore`))}>Score again</button>
        )}
        {isAdmin.value && <button type="button" class="button button-danger" onClick={() => setAsked("delete")}>Delete…</button>}
      </div>
      {asked === "addendum" && (
        <AddendumDialog
          onClose={close}
          onSay={(reason) => {
            close();
            void beginAddendum(exam, reason);
          }}
        />
      )}
      {asked === "blind" && (
        <BlindDialog
          onClose={close}
          onSay={(login) => {
            close();
            void askForBlindRead(exam, login);
          }}
        />
      )}
      {asked === "delete" && (
        <AskDialog title="Delete this exam" label="Type DELETE to go on" button="Delete" must="DELETE" onClose={close}
          onSay={() => leaveBy(() => remove(path))}
        >
          Scan, results, versions and files of this exam are deleted for good.
        </AskDialog>
      )}
    </section>
  );
}

/** Whole, where the head of the page may have had to cut them. */
function PatientFacts({ row }: { row: ExamRow }) {
  const { patient } = row;
  const years = age(patient.birth_date, row.exam_date);
  const rows: [string, string][] = [
    ["Name", personName(patient.name)],
    ["Number", straight(patient.patient_id ?? "–")],
    ["Born", patient.birth_date ? `${date(patient.birth_date)}${years === null ? "" : `, ${years} y at this exam`}` : "–"],
    ["Sex", patient.sex ?? "–"],
  ];
  return (
    <section>
      <h2>Patient</h2>
      <dl class="pairs">
        {rows.map(([name, fact]) => (
          <div key={name}><dt>{name}</dt><dd><bdi>{fact}</bdi></dd></div>
        ))}
      </dl>
    </section>
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
