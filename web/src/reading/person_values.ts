import type { PersonField } from "../api/types";

/** What the form holds as what the server takes: open fields are left out. */
export function personValues(
  fields: readonly PersonField[],
  values: Record<string, string>,
): Record<string, number | boolean | string> {
  const told: Record<string, number | boolean | string> = {};
  for (const field of fields) {
    const value = (values[field.name] ?? "").trim();
    if (value === "") continue;
    if (field.low !== null) told[field.name] = Number(value);
    else if (field.choices !== null) told[field.name] = value;
    else told[field.name] = value === "yes";
  }
  return told;
}
