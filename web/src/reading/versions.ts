/** What versions say of each other. */

import type { Version } from "../api/types";

export const VERSION_KINDS: Record<Version["kind"], string> = {
  automatic: "automatic",
  reader: "reader, not signed",
  final: "final",
  addendum: "addendum",
};

export function authorOf(version: Version): string {
  return version.author_name ?? version.author;
}

/** The signed version that one corrects. */
export function corrected(versions: readonly Version[], version: Version): Version | null {
  if (version.kind !== "addendum") return null;
  return lastSigned(versions.filter((one) => one.number < version.number));
}

export function lastSigned(versions: readonly Version[]): Version | null {
  return [...versions].reverse().find((one) => one.is_signed) ?? null;
}
