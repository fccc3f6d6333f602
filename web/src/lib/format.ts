/** Numbers, dates and names as they are shown. */

import type { ExamRow, ExamState, Role } from "../api/types";

/** An Agatston score: whole, as reports give it; below 10 with one decimal; absent is a dash. */
export function score(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  return value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US").replace(/,/g, "\u2009");
}

export function decimal(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? "–" : value.toFixed(digits);
}

export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const p = value * 100;
  if (p > 99 && p < 100) return "> 99 %";
  if (p > 0 && p < 1) return "< 1 %";
  return `${Math.round(p)} %`;
}

/** Text of others without the marks that turn the direction of reading: they would turn what stands beside it, too. */
export function straight(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
}

/** A DICOM person name, `Family^Given^Middle^Prefix^Suffix`, as people write it. */
export function personName(name: string | null | undefined): string {
  if (!name) return "no name";
  const [family = "", given = "", middle = ""] = straight(name.split("=")[0] ?? "").split("^");
  const first = [given, middle].filter(Boolean).join(" ");
  return first ? `${family}, ${first}` : family || "no name";
}

export function date(day: string | null | undefined): string {
  return day ? day.slice(0, 10) : "no date";
}

export function moment(time: string | null | undefined): string {
  if (!time) return "";
  const at = new Date(time);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Number, sex and age of a patient, each apart from the direction in which the others are read. */
export function patientFacts(patient: ExamRow["patient"], day: string | null): string[] {
  const years = age(patient.birth_date, day);
  const facts = [patient.patient_id && straight(patient.patient_id), patient.sex, years === null ? null : `${years} y`];
  return facts.filter((one) => one !== null && one !== "").map((one) => `\u2068${one}\u2069`);
}

/** Whole years between two days. */
export function age(birth: string | null | undefined, at: string | null | undefined): number | null {
  if (!birth || !at) return null;
  const years = Number(at.slice(0, 4)) - Number(birth.slice(0, 4));
  return at.slice(5, 10) < birth.slice(5, 10) ? years - 1 : years;
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1e6) return `${(size / 1e3).toFixed(0)} kB`;
  if (size < 1e9) return `${(size / 1e6).toFixed(1)} MB`;
  return `${(size / 1e9).toFixed(2)} GB`;
}

export const STATE_NAMES: Record<ExamState, string> = {
  waiting: "Waiting",
  scoring: "Scoring",
  to_review: "To review",
  final: "Final",
  unfit: "Unfit",
  failed: "Failed",
};

export const ROLE_NAMES: Record<Role, string> = { admin: "Admin", reader: "Reader", viewer: "Viewer" };

/** `mitral_annulus` as a word on the screen. */
export function words(label: string): string {
  return label.replace(/_/g, " ");
}

/** Words of the server as a sentence of their own. */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
