/** What goes over the wire, as the server describes it in its OpenAPI document. */

export type Role = "admin" | "reader" | "viewer";
export type ExamState = "waiting" | "scoring" | "to_review" | "final" | "unfit" | "failed";

export type Session = {
  user: { id: string; name: string; login?: string; role: Role };
  csrf_token: string | null;
  version: string;
  research_use: string;
  mode: "personal" | "department";
  sign_on?: boolean;
  send_to?: string[];
};

export type Patient = {
  id: string;
  name: string | null;
  patient_id: string | null;
  birth_date: string | null;
  sex: string | null;
};

export type Progress = { step: string; fraction: number };

export type ExamRow = {
  id: string;
  patient: Patient;
  exam_date: string | null;
  description: string | null;
  state: ExamState;
  state_reason: string | null;
  agatston: number | null;
  category: string | null;
  verdict: string | null;
  kind: string | null;
  is_gated: boolean | null;
  review_advised: boolean | null;
  signed_by: string | null;
  signed_at: string | null;
  progress: Progress | null;
  version: number;
  updated_at: string;
};

export type Worklist = { total: number; counts?: Record<string, number>; items: ExamRow[] };

export type Version = {
  number: number;
  kind: "automatic" | "reader" | "final" | "addendum";
  is_signed?: boolean;
  created_at: string;
  author: string;
  author_name?: string;
  note?: string | null;
  agatston?: number;
};

export type Lock = { user: string; since: string } | null;

export type ExamDetail = { row: ExamRow; versions: Version[]; lock: Lock; previous: ExamRow[] };

export type ScanInfo = {
  shape: [number, number, number];
  spacing_mm: [number, number, number];
  origin_mm: [number, number, number];
  direction: number[];
  dtype: "int16";
  bytes: number;
  /** False where the images form no volume: they are in order, but distances along z are not true. */
  is_volume?: boolean;
  note?: string | null;
};

export type SiteInfo = { code: number; label: string; name: string; colour: string; key: string };

export type Candidate = {
  id: number;
  site: string | null;
  proposed_site: string | null;
  probability: number | null;
  probabilities: Record<string, number> | null;
  why: string[];
  origin: "automatic" | "annotation" | "reader";
  is_scored: boolean;
  agatston: number;
  volume_mm3: number;
  peak_hu: number;
  slices: number[];
  centroid: [number, number, number];
  split_from: number | null;
};

export type Amounts = {
  agatston: number;
  volume_mm3: number;
  mass_mg: number | null;
  lesion_count: number;
  automatic_agatston?: number;
};

export type ScoreTable = {
  rule: string;
  threshold_hu: number;
  total: Amounts & {
    category: string;
    cac_drs: string | null;
    interval: { low: number; high: number; level: number } | null;
  };
  vessels: Record<string, Amounts>;
  other_sites: Record<string, Amounts>;
  changed_by_reader: number;
  is_changed: boolean;
  is_complete: boolean;
  automatic: Record<string, number>;
};

export type Review = {
  sequence: number;
  threshold_hu: number;
  rule: string;
  rules: string[];
  sites: SiteInfo[];
  candidates: Candidate[];
  score: ScoreTable;
  can_undo: boolean;
  can_redo: boolean;
  lock: Lock;
  is_final: boolean;
  is_blind: boolean;
  lowest_threshold_hu: number;
};

export type ReviewEdit =
  | { type: "assign"; candidates: number[]; site: string | null }
  | {
      type: "split_line";
      candidate: number;
      z: number;
      from: [number, number];
      to: [number, number];
      through: "slice" | "all";
    }
  | { type: "split_brush"; candidate: number; voxels: number[] }
  | { type: "region"; z0: number; z1: number; polygon: [number, number][]; site: string | null }
  | { type: "threshold"; hu: number | null }
  | { type: "rule"; rule: string }
  | { type: "confirm" }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "comment"; text: string };

export type ReviewChange = {
  sequence: number;
  changed: Candidate[];
  removed: number[];
  labels_changed: boolean;
  labels_patch: string | null;
  score: ScoreTable;
  can_undo: boolean;
  can_redo: boolean;
};

export type LogRow = {
  sequence: number;
  type: string;
  summary?: string | null;
  user: string;
  at: string;
  [more: string]: unknown;
};

export type PersonField = {
  name: string;
  label: string;
  unit: string;
  low: number | null;
  high: number | null;
  choices: string[] | null;
  is_whole: boolean;
  is_required: boolean;
  definition: string;
};

export type Percentile = {
  percentile?: number | null;
  low?: number | null;
  high?: number | null;
  reading?: string;
  [more: string]: unknown;
};

export type Interpretation = {
  person: Record<string, unknown> | null;
  categories: Record<string, Record<string, unknown>>;
  percentile: Record<string, Record<string, unknown>>;
  arterial_age: Record<string, unknown>;
  risk: Record<string, unknown>;
  estimates: Record<string, unknown>[];
  guidance: Record<string, unknown>[];
  limits: { about: string; text: string; missing: string[] }[];
  [more: string]: unknown;
};

export type Finding = { code: string; severity: string; message: string };

export type Result = {
  scan: Record<string, unknown>;
  suitability: { kind: string; verdict: string; findings: Finding[] };
  score: { total: Amounts; vessels: Record<string, Amounts> } & Record<string, unknown>;
  interpretation: Interpretation | null;
  followup: unknown;
  review?: { advised?: boolean; reasons?: string[] } | null;
  provenance: Record<string, unknown> & { amendment?: Amendment | null };
};

/** Which signed report a version corrects, and why. */
export type Amendment = { reason: string; signed_before: string; reader_before: string | null; agatston_before: number; fit_before: boolean | null };

/** A figure with its 95 % interval; without a value, `lacks` says why. */
export type Certain = { value: number | null; low: number | null; high: number | null; lacks: string | null };

export type AgreementStudy = {
  n: number;
  patients: number;
  least_patients: number;
  first: string;
  second: string;
  icc: Certain;
  bland_altman: {
    bias: number | null;
    low: number | null;
    high: number | null;
    lacks: string | null;
    points: { mean: number; difference: number; exam_id: string }[];
  };
  kappa: Certain;
  table: { labels: string[]; counts: number[][] };
};

export type User = {
  id: string;
  name: string;
  login?: string;
  role: Role;
  created_at?: string;
  is_active?: boolean;
};

export type Token = {
  id: string;
  name: string;
  created_at: string;
  last_used_at?: string | null;
  expires_at?: string | null;
};
