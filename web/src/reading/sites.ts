/** Sites as the screen shows them. */

import type { Candidate, ScoreTable, SiteInfo } from "../api/types";

export const VESSELS = ["LM", "LAD", "LCX", "RCA"] as const;
export type Vessel = (typeof VESSELS)[number];

export function isVessel(label: string | null): label is Vessel {
  return label !== null && (VESSELS as readonly string[]).includes(label);
}

/** Dense things that nobody wants to see as calcium; hidden until asked for. */
const QUIET = new Set(["bone", "noise"]);

export function isQuiet(one: Candidate): boolean {
  if (isByReader(one)) return false;
  return one.site === null || QUIET.has(one.site);
}

export function isByReader(one: Candidate): boolean {
  return one.origin === "reader";
}

/** Whether readers stand for a score and have changed nothing of it: no candidate, threshold or number. */
export function isOnlyConfirmed(table: ScoreTable): boolean {
  const before = table.automatic.total_agatston;
  const isSame = before !== undefined && Math.abs(table.total.agatston - before) < 1e-6;
  return table.is_changed && table.changed_by_reader === 0 && isSame && !table.rule.includes("@");
}

/** Candidates in the order in which to step through them: what scores most comes first. */
export function steps(candidates: Iterable<Candidate>, showAll: boolean): Candidate[] {
  return [...candidates]
    .filter((one) => showAll || !isQuiet(one))
    .sort((a, b) => rank(a) - rank(b) || b.agatston - a.agatston || a.id - b.id);
}

/** By what was proposed, so that a candidate keeps its place when a reader decides it. */
function rank(one: Candidate): number {
  return isVessel(one.proposed_site ?? one.site) ? 0 : 1;
}

export function siteName(sites: readonly SiteInfo[], label: string | null): string {
  if (label === null) return "no calcium";
  return sites.find((site) => site.label === label)?.name ?? label.replace(/_/g, " ");
}

export function siteColour(sites: readonly SiteInfo[], label: string | null): string {
  if (!isVessel(label)) return "#FFFFFF";
  return sites.find((site) => site.label === label)?.colour ?? "#FFFFFF";
}

/** Mean place (z, y, x) of the calcium in the arteries, weighted by its score, to match exams by. */
export function calciumCentre(candidates: Iterable<Candidate>): [number, number, number] | null {
  const sum: [number, number, number] = [0, 0, 0];
  let weight = 0;
  for (const one of candidates) {
    if (!isVessel(one.site) || one.agatston <= 0) continue;
    one.centroid.forEach((value, axis) => (sum[axis] = (sum[axis] as number) + value * one.agatston));
    weight += one.agatston;
  }
  return weight > 0 ? [sum[0] / weight, sum[1] / weight, sum[2] / weight] : null;
}
