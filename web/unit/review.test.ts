import { describe, expect, test } from "vitest";

import { siteAfterClick, crossed } from "../src/reading/actions";
import { KEYS, commandOf, spelled } from "../src/reading/keys";
import { LabelMap, NO_CANDIDATE, decodeLabels } from "../src/reading/labels";
import { disc, edgesOf, nearest, thinned } from "../src/reading/outline";
import { personValues } from "../src/reading/person_values";
import { calciumCentre, isOnlyConfirmed, isQuiet, steps } from "../src/reading/sites";
import { signatureOf } from "../src/reading/too_late";
import { authorOf, corrected, lastSigned } from "../src/reading/versions";
import { Problem } from "../src/api/http";
import type { Candidate, PersonField, ScoreTable, Version } from "../src/api/types";

function binary(pairs: [number, number][]): ArrayBuffer {
  return new Uint32Array([pairs.length, ...pairs.map(([v]) => v), ...pairs.map(([, id]) => id)]).buffer;
}

function candidate(fields: Partial<Candidate>): Candidate {
  return {
    id: 1, site: "LAD", proposed_site: "LAD", probability: 0.9, probabilities: null, why: [], origin: "automatic",
    is_scored: true, agatston: 10, volume_mm3: 10, peak_hu: 200, slices: [1], centroid: [1, 1, 1], split_from: null,
    ...fields,
  };
}

describe("labels", () => {
  test("voxels are found by slice and by index, and a patch changes only its own", () => {
    const map = LabelMap.from(binary([[1, 7], [12, 7], [13, 8]]), 10);
    expect(map.at(12)).toBe(7);
    expect([...map.inSlice(1)]).toEqual([12, 13]);
    map.patch(binary([[12, 9], [13, NO_CANDIDATE]]));
    expect(map.at(1)).toBe(7);
    expect(map.at(12)).toBe(9);
    expect(map.at(13)).toBeNull();
    expect([...map.inSlice(1)]).toEqual([12]);
  });

  test("a torn answer is refused", () => {
    expect(() => decodeLabels(binary([[1, 7]]).slice(0, 8))).toThrow("labels of 1 voxels have 12 bytes, got 8");
  });
});

describe("pixels", () => {
  test("two neighbours of one candidate have six edges, of two candidates eight", () => {
    const one = edgesOf([{ u: 0, v: 0, id: 1 }, { u: 1, v: 0, id: 1 }], 5);
    expect(one.get(1)?.length).toBe(6);
    const two = edgesOf([{ u: 0, v: 0, id: 1 }, { u: 1, v: 0, id: 2 }], 5);
    expect((two.get(1)?.length ?? 0) + (two.get(2)?.length ?? 0)).toBe(8);
  });

  test("the last pixel of a row is no neighbour of the first of the next", () => {
    const edges = edgesOf([{ u: 4, v: 0, id: 1 }, { u: 0, v: 1, id: 1 }], 5);
    expect(edges.get(1)?.length).toBe(8);
  });

  test("a candidate is hit on its pixels and just beside them, and no further", () => {
    const pixels = [{ u: 10, v: 10, id: 3 }];
    expect(nearest(pixels, { u: 10.4, v: 10 }, 0.01)).toBe(3);
    expect(nearest(pixels, { u: 11.4, v: 10 }, 1)).toBe(3);
    expect(nearest(pixels, { u: 11.6, v: 10 }, 1)).toBeNull();
  });

  test("a brush of one pixel's radius covers a cross", () => {
    expect(disc({ u: 5, v: 5 }, 1)).toHaveLength(5);
  });

  test("points of a freehand line that are too near are left out", () => {
    const line = [{ u: 0, v: 0 }, { u: 0.1, v: 0 }, { u: 1, v: 0 }];
    expect(thinned(line, 0.4)).toEqual([{ u: 0, v: 0 }, { u: 1, v: 0 }]);
  });

  test("a line cuts the candidate that most of it lies in", () => {
    const at = (u: number) => (u < 2 ? null : u < 8 ? 5 : 6);
    expect(crossed([{ u: 0, v: 0 }, { u: 10, v: 0 }], at)).toBe(5);
    expect(crossed([{ u: 0, v: 0 }], () => null)).toBeNull();
  });
});

describe("candidates", () => {
  test("a click gives the active site, and takes it away again", () => {
    expect(siteAfterClick({ site: "LCX" }, "LAD")).toBe("LAD");
    expect(siteAfterClick({ site: null }, "LAD")).toBe("LAD");
    expect(siteAfterClick({ site: "LAD" }, "LAD")).toBeNull();
  });

  test("bone, noise and what is nothing are quiet, unless a reader said so", () => {
    expect(isQuiet(candidate({ site: "bone" }))).toBe(true);
    expect(isQuiet(candidate({ site: null }))).toBe(true);
    expect(isQuiet(candidate({ site: "bone", origin: "reader" }))).toBe(false);
    expect(isQuiet(candidate({ site: "ascending_aorta" }))).toBe(false);
  });

  test("the keys step through the arteries first, the highest score first", () => {
    const list = [
      candidate({ id: 1, site: "ascending_aorta", proposed_site: "ascending_aorta", agatston: 99 }),
      candidate({ id: 2, agatston: 5 }),
      candidate({ id: 3, agatston: 50 }),
      candidate({ id: 4, site: "bone", proposed_site: "bone", agatston: 999 }),
    ];
    expect(steps(list, false).map((one) => one.id)).toEqual([3, 2, 1]);
    expect(steps(list, true).map((one) => one.id)).toEqual([3, 2, 4, 1]);
  });

  test("a candidate keeps its place in the steps when a reader decides it", () => {
    const list = [
      candidate({ id: 1, site: "LAD", proposed_site: "ascending_aorta", agatston: 99, origin: "reader" }),
      candidate({ id: 2, site: null, agatston: 50, origin: "reader" }),
      candidate({ id: 3, agatston: 5 }),
      candidate({ id: 4, site: "RCA", proposed_site: null, agatston: 7, origin: "reader" }),
    ];
    expect(steps(list, false).map((one) => one.id)).toEqual([2, 4, 3, 1]);
  });

  test("the centre of the calcium counts what is in the arteries by its score", () => {
    const list = [
      candidate({ agatston: 30, centroid: [10, 0, 0] }),
      candidate({ agatston: 10, centroid: [20, 4, 8] }),
      candidate({ site: "bone", agatston: 500, centroid: [50, 50, 50] }),
    ];
    // (30 * 10 + 10 * 20) / 40 = 12.5
    expect(calciumCentre(list)).toEqual([12.5, 1, 2]);
    expect(calciumCentre([])).toBeNull();
  });
});

describe("keys", () => {
  test("each key does one thing, and none is a key of a site", () => {
    const all = KEYS.flatMap((row) => row.keys.split(" "));
    expect(new Set(all).size).toBe(all.length);
    const sites = "123456789ndbol";
    expect(all.filter((key) => sites.includes(key))).toEqual([]);
  });

  test("signs are found however they are typed, and letters tell their shift", () => {
    expect(commandOf({ key: "?", shift: true, ctrl: false })).toBe("help");
    expect(commandOf({ key: "+", shift: true, ctrl: false })).toBe("zoom_in");
    expect(commandOf({ key: "u", shift: false, ctrl: false })).toBe("undo");
    expect(commandOf({ key: "U", shift: true, ctrl: false })).toBe("redo");
    expect(commandOf({ key: "z", shift: false, ctrl: true })).toBe("undo");
    expect(commandOf({ key: "q", shift: false, ctrl: false })).toBeNull();
  });

  test("alternatives are spelled one by one", () => {
    expect(spelled("Ctrl+z u")).toEqual(["Ctrl + z", "u"]);
    expect(spelled("+ =")).toEqual(["+", "="]);
  });
});

test("what is left open in the risk form is not told", () => {
  const field = (name: string, more: Partial<PersonField>): PersonField => ({
    name, label: name, unit: "", low: null, high: null, choices: null, is_whole: false, is_required: false, definition: "", ...more,
  });
  const fields = [field("age", { low: 18, high: 110 }), field("sex", { choices: ["female", "male"] }), field("smokes", {}), field("has_diabetes", {})];
  expect(personValues(fields, { age: "56", sex: "female", smokes: "no", has_diabetes: "" })).toEqual({ age: 56, sex: "female", smokes: false });
});

function version(number: number, kind: Version["kind"], agatston: number): Version {
  const is_signed = kind === "final" || kind === "addendum";
  return { number, kind, is_signed, created_at: "2026-01-02T11:00:00Z", author: "anna", agatston };
}

describe("versions", () => {
  const list = [version(1, "automatic", 48), version(2, "final", 48), version(3, "reader", 40), version(4, "addendum", 32)];

  test("an addendum corrects the signed version before it, whatever lies between", () => {
    expect(corrected(list, list[3]!)?.number).toBe(2);
    expect(corrected(list, list[1]!)).toBeNull();
    expect(lastSigned(list)?.number).toBe(4);
    expect(lastSigned(list.slice(0, 1))).toBeNull();
  });

  test("an author has a name, or at least a login", () => {
    expect(authorOf(list[0]!)).toBe("anna");
    expect(authorOf({ ...list[0]!, author_name: "Anna Admin" })).toBe("Anna Admin");
  });
});

describe("whose the score is", () => {
  const table = (fields: Partial<ScoreTable>): ScoreTable =>
    ({ is_changed: true, changed_by_reader: 0, rule: "textbook", total: { agatston: 48 }, automatic: { total_agatston: 48 }, ...fields }) as ScoreTable;

  test("a confirmation alone is no change", () => {
    expect(isOnlyConfirmed(table({}))).toBe(true);
    expect(isOnlyConfirmed(table({ is_changed: false }))).toBe(false);
    expect(isOnlyConfirmed(table({ changed_by_reader: 1 }))).toBe(false);
    expect(isOnlyConfirmed(table({ automatic: { total_agatston: 47 } }))).toBe(false);
    expect(isOnlyConfirmed(table({ rule: "textbook@131hu" }))).toBe(false);
    expect(isOnlyConfirmed(table({ automatic: {} }))).toBe(false);
  });
});

describe("who comes too late to sign", () => {
  test("is told who signed, when, and which score", () => {
    const late = new Problem(423, "final", "words", { signed_by: "Anna Admin", signed_by_login: "anna", signed_at: "2026-01-02T11:00:00", version: 2, agatston: 48 });
    expect(signatureOf(late, "50")).toEqual({ who: "Anna Admin", isMe: false, at: "2026-01-02 11:00", version: "version 2", agatston: "48" });
    expect(signatureOf(new Problem(423, "final", "words"), "50")).toEqual({
      who: "Another reader", isMe: false, at: "a moment ago", version: "the latest version", agatston: "50",
    });
  });
});
