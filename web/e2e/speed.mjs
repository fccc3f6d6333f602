// How long a reader waits, by the browser's own marks: `npm run --silent speed`, on a quiet machine.
// A scan of the demonstration (56 slices) is opened, and a worklist of 200 exams painted and searched.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { launch, openPage } from "./browser.mjs";
import { Server, corcal, demoFiles, python } from "./server.mjs";

const TIMES = 7;
const EXAMS = 200;
const SCORED_MS = 300_000;
const ROOT = resolve(import.meta.dirname, "../..");

const told = (name, list, limit) => {
  const sorted = [...list].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const verdict = median < limit ? "holds" : "DOES NOT HOLD";
  console.log(`${name}: median ${Math.round(median)} ms, ${Math.round(sorted[0])} to ${Math.round(sorted.at(-1))} (${list.length} times); below ${limit} ms ${verdict}`);
};

/** A page of its own each time: nothing is in the browser's cache. */
async function fresh(browser, url, state, work) {
  const page = await openPage(browser, { storageState: state });
  await page.goto(url);
  const found = await work(page);
  await page.context().close();
  return found;
}

const mark = (page, name) =>
  page.waitForFunction((wanted) => performance.getEntriesByName(wanted).pop(), name).then((handle) => handle.jsonValue());

async function logIn(browser, server) {
  const page = await openPage(browser);
  await page.goto(server.link);
  await page.getByRole("heading", { name: "Worklist" }).waitFor();
  return page;
}

async function opening(browser) {
  const server = await new Server().start();
  try {
    const page = await logIn(browser, server);
    await page.getByLabel("Files to upload").setInputFiles(demoFiles()[1]);
    await page.locator(".state-to_review").waitFor({ timeout: SCORED_MS });
    const address = await page.locator(".worklist th a").getAttribute("href");
    const state = await page.context().storageState();
    const first = [];
    const all = [];
    for (let i = 0; i < TIMES; i++) {
      await fresh(browser, `${server.url}/#/exams`, state, async (one) => {
        await one.locator(".worklist th a").waitFor();
        await one.waitForTimeout(1500); // the reader looks at the list; the reading view is fetched meanwhile
        const begun = await one.evaluate((to) => {
          location.hash = to;
          return performance.now();
        }, address);
        first.push((await mark(one, "corcal image drawn")).startTime - begun);
        const whole = await mark(one, "corcal exam");
        all.push(whole.startTime + whole.duration - begun);
      });
    }
    told("first image of an exam", first, 2000);
    told("exam with all slices and its review", all, 2000);
  } finally {
    await server.stop();
  }
}

async function worklist(browser) {
  const data = mkdtempSync(join(tmpdir(), "corcal-speed-"));
  const studies = mkdtempSync(join(tmpdir(), "corcal-studies-"));
  const write = "import sys; from pathlib import Path; from benchmarks.serve_kills import simulated_studies as s; s(Path(sys.argv[1]), int(sys.argv[2]))";
  const made = spawnSync(python(), ["-c", write, studies, String(EXAMS)], { cwd: ROOT, stdio: "inherit" });
  const taken = spawnSync(corcal(), ["import", "--data", data, studies], { stdio: ["ignore", "ignore", "inherit"] });
  if (made.status !== 0 || taken.status !== 0) throw new Error("the exams could not be made");
  const server = await new Server({ data, workers: 0 }).start();
  try {
    const page = await logIn(browser, server);
    const state = await page.context().storageState();
    const painted = [];
    const shown = [];
    const searched = [];
    for (let i = 0; i < TIMES; i++) {
      await fresh(browser, `${server.url}/#/exams`, state, async (one) => {
        shown.push((await mark(one, "corcal worklist shown")).startTime);
        painted.push((await mark(one, "first-contentful-paint")).startTime);
        await one.waitForTimeout(1500);
        await one.getByRole("searchbox").pressSequentially(`simulated-1${i}`, { delay: 25 });
        const last = await mark(one, "corcal search");
        searched.push(last.duration);
      });
    }
    told(`first paint of a worklist of ${EXAMS}`, painted, 1000);
    told(`rows of a worklist of ${EXAMS}`, shown, 1000);
    told("search, from the last letter to the rows", searched, 200);
  } finally {
    await server.stop();
    rmSync(studies, { recursive: true, force: true });
  }
}

const browser = await launch();
try {
  await opening(browser);
  await worklist(browser);
} finally {
  await browser.close();
}
