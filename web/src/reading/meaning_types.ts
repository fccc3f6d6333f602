/** The parts of an interpretation that the screen shows. */

export type Category = { scheme: string; code: string; label: string; reading: string };
export type PercentileOf = {
  reference: string;
  value: number | null;
  at_least: number | null;
  at_most: number | null;
  group: string;
  not_covered: string | null;
};
export type Estimate = {
  model: string;
  outcome: string;
  years: number;
  fraction: number | null;
  missing: string[];
  not_valid: string | null;
  note: string | null;
};
export type Statement = {
  id: string;
  guideline: string;
  topic: string;
  text: string;
  source: string;
  year: number;
  strength: string | null;
  evidence: string | null;
  fired_by: string[];
  would_change: string[];
};
export type Source = { key: string; citation: string; doi: string | null };
export type Meaning = {
  person: Record<string, unknown> | null;
  categories: Record<string, Category>;
  percentile: Record<string, PercentileOf>;
  arterial_age: { years: number | null; low: number | null; high: number | null; not_covered: string | null };
  estimates: Estimate[];
  guidance: Statement[];
  limits: { about: string; text: string; missing: string[] }[];
  sources: Source[];
};

const MODELS: Record<string, string> = {
  mesa_chd: "MESA, without calcium",
  mesa_chd_with_cac: "MESA, with calcium",
  pce: "Pooled Cohort Equations",
  prevent: "PREVENT",
  prevent_hba1c: "PREVENT with HbA1c",
  prevent_uacr: "PREVENT with UACR",
  prevent_sdi: "PREVENT with SDI",
  prevent_full: "PREVENT, all measurements",
  score2: "SCORE2",
  score2_op: "SCORE2-OP",
};
const OUTCOMES: Record<string, string> = {
  chd: "coronary heart disease",
  ascvd: "ASCVD",
  total_cvd: "cardiovascular disease",
  heart_failure: "heart failure",
  stroke: "stroke",
};
const SCHEMES: Record<string, string> = {
  plain: "Plain",
  rumberger: "Rumberger",
  cac_drs: "CAC-DRS",
  cad_rads: "CAD-RADS 2.0",
  stage_2024: "Stage (2024)",
  guideline_2026: "ACC/AHA 2026 band",
};
const GUIDELINES: Record<string, string> = {
  accaha2018: "AHA/ACC 2018",
  accaha2019: "ACC/AHA 2019",
  accaha2026: "ACC/AHA 2026",
  accf2010: "ACCF/AHA 2010",
  ahaacc2025_bp: "AHA/ACC 2025",
  esc2021: "ESC 2021",
  escc2025: "ESC/EAS 2025",
  nla2020: "NLA 2020",
  scct2017: "SCCT 2017",
  uspstf2022: "USPSTF 2022",
};
const REFERENCES: Record<string, string> = { mesa: "MESA", hoff: "Hoff", javaid: "Javaid" };

export const modelName = (key: string): string => MODELS[key] ?? key;
export const outcomeName = (key: string): string => OUTCOMES[key] ?? key.replace(/_/g, " ");
export const schemeName = (key: string): string => SCHEMES[key] ?? key.replace(/_/g, " ");
/** Who says it; of a single study or a caution the year: the citation is one click away. */
export const guidelineName = (one: Statement): string => GUIDELINES[one.guideline] ?? String(one.year);
export const referenceName = (key: string): string => REFERENCES[key] ?? key;

/** A percentile in words; why there is none otherwise. */
export function percentileWords(one: PercentileOf): string {
  if (one.not_covered !== null) return one.not_covered;
  if (one.value !== null && one.at_least === null) return `${one.value}${ordinal(one.value)} percentile`;
  if (one.at_least !== null && one.at_most !== null) return `${one.at_least}${ordinal(one.at_least)} to ${one.at_most}${ordinal(one.at_most)} percentile`;
  if (one.at_least !== null) return `at or above the ${one.at_least}${ordinal(one.at_least)} percentile`;
  if (one.at_most !== null) return `below the ${one.at_most}${ordinal(one.at_most)} percentile`;
  return "a score of 0 has no percentile";
}

export function ordinal(n: number): string {
  const last = n % 10;
  if (n % 100 >= 11 && n % 100 <= 13) return "th";
  return last === 1 ? "st" : last === 2 ? "nd" : last === 3 ? "rd" : "th";
}
