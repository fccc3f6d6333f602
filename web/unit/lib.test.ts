import { expect, test } from "vitest";

import { percentileWords } from "../src/reading/meaning_types";
import { isHidden } from "../src/lib/dropped";
import { age, bytes, patientFacts, percent, personName, score } from "../src/lib/format";
import { parseRoute } from "../src/lib/route";
import { shownTheme } from "../src/lib/session";
import { withName } from "../src/lib/uploads";
import { niceTicks } from "../src/lib/ticks";

test("scores are whole, below ten with a decimal, and a missing one is no zero", () => {
  expect(score(0)).toBe("0");
  expect(score(9.94)).toBe("9.9");
  expect(score(9.96)).toBe("10");
  expect(score(318.69)).toBe("319");
  expect(score(1204.5)).toBe("1\u2009205");
  expect(score(null)).toBe("–");
});

test("a probability is never told as certain when it is not", () => {
  expect(percent(0.998)).toBe("> 99 %");
  expect(percent(0.004)).toBe("< 1 %");
  expect(percent(0)).toBe("0 %");
  expect(percent(1)).toBe("100 %");
});

test("a refused file is told by its own name, which the server does not know", () => {
  expect(withName("1: not DICOM", [{ name: "a.dcm" }, { name: "letter.txt" }])).toBe("File letter.txt: not DICOM");
  expect(withName("nothing was found", [{ name: "a.dcm" }])).toBe("Nothing was found.");
});

test("DICOM names are written as people write them", () => {
  expect(personName("Doe^Jane^Q^Dr")).toBe("Doe, Jane Q");
  expect(personName("Yamada^Tarou=山田^太郎")).toBe("Yamada, Tarou");
  expect(personName("Doe")).toBe("Doe");
  expect(personName(null)).toBe("no name");
});

test("an age counts birthdays that have been", () => {
  expect(age("1970-06-15", "2026-06-14")).toBe(55);
  expect(age("1970-06-15", "2026-06-15")).toBe(56);
  expect(age(null, "2026-06-15")).toBeNull();
});

test("an address leads to a page, and a strange one to the worklist", () => {
  const id = "0123456789abcdef0123456789abcdef";
  expect(parseRoute(`#/exams/${id}`)).toEqual({ page: "exam", id });
  expect(parseRoute("#/exams/../../x")).toEqual({ page: "exams" });
  expect(parseRoute("#/agreement")).toEqual({ page: "agreement" });
  expect(parseRoute("")).toEqual({ page: "exams" });
});

test("reading is dark unless someone wants it light", () => {
  expect(shownTheme("system", true, false)).toBe("dark");
  expect(shownTheme("light", true, true)).toBe("light");
  expect(shownTheme("system", false, false)).toBe("light");
});

test("axes have round numbers", () => {
  expect(niceTicks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
  expect(niceTicks(-12, 12, 4)).toEqual([-10, 0, 10]);
});

test("percentiles are told in words, and so is why there is none", () => {
  const one = { reference: "mesa", value: null, at_least: null, at_most: null, group: "", not_covered: null };
  expect(percentileWords({ ...one, value: 82 })).toBe("82nd percentile");
  expect(percentileWords({ ...one, value: 11 })).toBe("11th percentile");
  expect(percentileWords({ ...one, at_least: 90 })).toBe("at or above the 90th percentile");
  expect(percentileWords({ ...one, value: 99, at_least: 99 })).toBe("at or above the 99th percentile"); // a bound, no value
  expect(percentileWords({ ...one, not_covered: "race is not known" })).toBe("race is not known");
});

test("files that systems leave behind are no scans", () => {
  expect(isHidden(".DS_Store")).toBe(true);
  expect(isHidden("IM000001")).toBe(false);
  expect(bytes(58_900_000)).toBe("58.9 MB");
});

test("marks that turn the direction of reading are no part of a name or number", () => {
  expect(personName("Smith\u202egnoleba\u202c^\u2067Eve\u2069")).toBe("Smithgnoleba, Eve");
  const patient = { id: "", name: null, patient_id: "A\u202eB12", birth_date: "1961-05-03", sex: "F" };
  expect(patientFacts(patient, "2026-01-02")).toEqual(["\u2068AB12\u2069", "\u2068F\u2069", "\u206864 y\u2069"]);
  expect(patientFacts({ ...patient, patient_id: "\u202e", sex: null, birth_date: null }, null)).toEqual([]);
});
