// The whole way of a reader, by a browser against the real server: upload, progress, open, scroll,
// reassign, split, undo and redo, sign, download, history. `make web-test` runs it.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

import { accessible, check, failures, shot, step } from "./check.mjs";
import { CHROMIUM, demoFiles, startServer } from "./server.mjs";

const SCORED_MS = 300_000;
const [first, second] = demoFiles();
const server = await startServer();
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, acceptDownloads: true });
const page = await context.newPage();
const complaints = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(error.message));

const total = async () => page.locator(".headline-score output").innerText();
const review = (id) => page.evaluate(async (exam) => (await fetch(`/api/v1/exams/${exam}/review`)).json(), id);
const whose = () => page.getByTestId("whose").innerText();

/** A voxel of a candidate in the slice where it has most, and the span of its row there. */
const placeOf = (exam, candidate) =>
  page.evaluate(
    async ([id, wanted]) => {
      const info = await (await fetch(`/api/v1/exams/${id}/scan`)).json();
      const [, ny, nx] = info.shape;
      const view = new DataView(await (await fetch(`/api/v1/exams/${id}/review/labels`)).arrayBuffer());
      const n = view.getUint32(0, true);
      const slices = new Map();
      for (let i = 0; i < n; i++) {
        if (view.getUint32(4 + 4 * n + 4 * i, true) !== wanted) continue;
        const voxel = view.getUint32(4 + 4 * i, true);
        const z = Math.floor(voxel / (ny * nx));
        const list = slices.get(z) ?? [];
        list.push([Math.floor(voxel / nx) % ny, voxel % nx]);
        slices.set(z, list);
      }
      const [z, pixels] = [...slices].sort((a, b) => b[1].length - a[1].length)[0];
      const mean = pixels.reduce((sum, [y, x]) => [sum[0] + y / pixels.length, sum[1] + x / pixels.length], [0, 0]);
      const near = [...pixels].sort(
        (a, b) => Math.hypot(a[0] - mean[0], a[1] - mean[1]) - Math.hypot(b[0] - mean[0], b[1] - mean[1]),
      )[0];
      const ys = pixels.map(([y]) => y);
      const xs = pixels.map(([, x]) => x);
      return { z, y: near[0], x: near[1], count: pixels.length, top: Math.min(...ys), bottom: Math.max(...ys), left: Math.min(...xs), right: Math.max(...xs) };
    },
    [exam, candidate],
  );

/** Goes to a slice by keys, as a reader would, and tells where a voxel is on the screen. */
const onScreen = async (at) => {
  const now = async () => Number(/slice (\d+)/.exec(await page.locator(".pane-main .pane-label").innerText())[1]) - 1;
  for (let steps = at.z - (await now()); steps !== 0; steps = at.z - (await now())) {
    await page.keyboard.press(steps > 0 ? "ArrowUp" : "ArrowDown");
    await page.waitForTimeout(30);
  }
  return page.evaluate(([z, y, x]) => document.querySelector(".pane-main").corcalPane.screenOf(z, y, x), [at.z, at.y, at.x]);
};
const sequenceIs = (exam, wanted) =>
  page.waitForFunction(
    async ([id, n]) => (await (await fetch(`/api/v1/exams/${id}/review`)).json()).sequence === n,
    [exam, wanted],
  );

let exam = "";
let earlier = "";
try {
  await step("log in", async () => {
    await page.goto(server.url);
    await page.getByRole("button", { name: "Log in" }).waitFor();
    await shot(page, "01-login");
    await accessible(page, "login");
    await page.goto(server.link);
    await page.getByRole("heading", { name: "Worklist" }).waitFor();
    await page.getByText("No exams yet").waitFor();
    await accessible(page, "empty worklist");
  });

  await step("upload two exams and watch them being scored", async () => {
    await page.getByLabel("Files to upload").setInputFiles([...first, ...second]);
    await page.getByText("2 exams in the worklist").waitFor({ timeout: 60_000 });
    await page.locator(".state-scoring, .state-waiting").first().waitFor({ timeout: 30_000 });
    await shot(page, "02-scoring");
    await page.waitForFunction(() => document.querySelectorAll(".state-to_review").length === 2, null, { timeout: SCORED_MS });
    await shot(page, "03-worklist");
    await accessible(page, "worklist");
  });

  await step("search and filter", async () => {
    await page.getByRole("searchbox").fill("nobody of this name");
    await page.getByText("No exam matches.").waitFor();
    check(!page.url().includes("nobody"), "the search is in the address");
    await page.getByRole("searchbox").fill("simul");
    await page.locator(".worklist tbody tr").nth(1).waitFor();
    await page.getByRole("button", { name: /^Final/ }).click();
    await page.getByText("No exam matches.").waitFor();
    await page.getByRole("button", { name: "All" }).click();
    await page.getByRole("searchbox").fill("");
  });

  await step("open the newer exam", async () => {
    await page.locator(".worklist tbody tr a").first().click();
    const begun = performance.now();
    await page.locator(".pane-main canvas").first().waitFor();
    await page.waitForFunction(() => document.querySelector(".pane-main canvas")?.height > 0);
    const ms = performance.now() - begun;
    await page.locator(".headline-score output").waitFor();
    await page.locator(".loading-bar").waitFor({ state: "detached" });
    const all = performance.now() - begun;
    exam = page.url().split("/").pop();
    await page.waitForTimeout(600);
    await shot(page, "04-reading");
    await accessible(page, "reading view");
    const wire = await page.evaluate(() =>
      performance.getEntriesByType("resource").filter((one) => /scan|review|exams\/[0-9a-f]{32}$/.test(one.name)).map((one) => `${one.name.split("/").slice(6).join("/") || "exam"} ${Math.round(one.duration)}`),
    );
    console.log(`      ${wire.join(", ")}`);
    return `first image after ${Math.round(ms)} ms, all slices after ${Math.round(all)} ms`;
  });

  await step("scroll, window, size, slab", async () => {
    const label = page.locator(".pane-main .pane-label");
    const before = await label.innerText();
    await page.locator(".pane-main").hover();
    await page.mouse.wheel(0, 300);
    await page.waitForFunction((text) => document.querySelector(".pane-main .pane-label").innerText !== text, before);
    await page.keyboard.press("PageUp");
    await page.keyboard.press("i");
    await page.keyboard.press("+");
    await page.keyboard.press("m");
    await label.getByText("6 mm maximum").waitFor();
    for (let i = 0; i < 5; i++) await page.keyboard.press("m");
    await page.keyboard.press("f");
    for (let i = 0; i < 3; i++) await page.keyboard.press("i");
  });

  await step("reassign two lesions, one by mouse, one by keys", async () => {
    const was = await review(exam);
    const [a, b] = was.candidates.filter((one) => one.site === "LAD").sort((x, y) => y.agatston - x.agatston);
    const at = await onScreen(await placeOf(exam, a.id));
    await page.keyboard.press("3");
    await page.mouse.move(at.x, at.y);
    await page.locator(".strip").getByText("proposed: LAD").waitFor();
    await page.keyboard.press("w");
    await page.getByText("Why LAD was proposed").waitFor();
    await shot(page, "05-why");
    await page.keyboard.press("w");
    const before = await total();
    await page.mouse.click(at.x, at.y);
    await page.getByText("One candidate is the reader's").waitFor();
    const ms = await page.evaluate(() => performance.getEntriesByName("corcal edit").pop()?.duration);
    check((await total()) === before, "moving a lesion between arteries changed the total");
    await page.keyboard.press("4");
    await page.mouse.move(5, 300);
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("ArrowRight");
      const chosen = await page.evaluate(() => document.querySelector(".lesion[aria-pressed=true]")?.innerText ?? "");
      if (chosen.startsWith("LAD") && chosen.includes(String(Math.round(b.agatston)))) break;
    }
    await page.waitForTimeout(300);
    await page.keyboard.press("Enter");
    await page.getByText("2 candidates are the reader's").waitFor();
    const now = await review(exam);
    check(now.candidates.find((one) => one.id === a.id).site === "LCX", "the first lesion is not LCX");
    check(now.candidates.find((one) => one.id === b.id).site === "RCA", "the second lesion is not RCA");
    await shot(page, "06-reassigned");
    const wire = await page.evaluate(
      () => performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/review/events")).map((one) => Math.round(one.duration)),
    );
    return `the table was new after ${Math.round(ms)} ms, of which the server took ${wire[0]}; then ${wire.slice(1).join(", ")}`;
  });

  await step("split one by a line", async () => {
    const was = await review(exam);
    const vessels = was.candidates.filter((one) => ["LM", "LAD", "LCX", "RCA"].includes(one.site));
    const one = vessels.sort((x, y) => y.volume_mm3 - x.volume_mm3)[0];
    const at = await placeOf(exam, one.id);
    await onScreen(at);
    // a line from above to below, between two columns through the middle of the candidate
    const column = (at.left + at.right) / 2 + 0.01;
    const ends = await page.evaluate(
      ([z, y0, y1, x]) => [[y0, x], [y1, x]].map(([y, c]) => document.querySelector(".pane-main").corcalPane.screenOf(z, y, c)),
      [at.z, at.top - 3, at.bottom + 3, column],
    );
    await page.keyboard.press("c");
    await page.mouse.move(ends[0].x, ends[0].y);
    await page.mouse.down();
    await page.mouse.move((ends[0].x + ends[1].x) / 2, (ends[0].y + ends[1].y) / 2, { steps: 4 });
    await shot(page, "07-cut");
    await page.mouse.move(ends[1].x, ends[1].y, { steps: 4 });
    await page.mouse.up();
    await page.getByText(/Split into \d parts/).waitFor();
    const now = await review(exam);
    check(now.candidates.length > was.candidates.length, "no new candidate");
    check(now.candidates.every((c) => c.id !== one.id), "the whole is still there");
    await shot(page, "08-split");
  });

  await step("undo and redo", async () => {
    const last = await review(exam);
    for (let i = 1; i <= 3; i++) {
      await page.keyboard.press("u");
      await sequenceIs(exam, last.sequence + i);
    }
    await page.getByText("As proposed; no reader has changed anything.").waitFor();
    for (let i = 4; i <= 6; i++) {
      await page.keyboard.press("Shift+u");
      await sequenceIs(exam, last.sequence + i);
    }
    const now = await review(exam);
    check(JSON.stringify(now.score) === JSON.stringify(last.score), "the score after undo and redo is another");
  });

  await step("a second reader at once: the later one is told", async () => {
    const now = await review(exam);
    const bone = now.candidates.find((one) => one.site === "bone");
    const status = await page.evaluate(
      async ([id, sequence, candidate]) => {
        const { csrf_token } = await (await fetch("/api/v1/session")).json();
        const answer = await fetch(`/api/v1/exams/${id}/review/events`, {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf_token },
          body: JSON.stringify({ expected_sequence: sequence - 1, events: [{ type: "assign", candidates: [candidate], site: "noise" }] }),
        });
        return answer.status;
      },
      [exam, now.sequence, bone.id],
    );
    check(status === 409, `an edit on an old state was answered ${status}`);
  });

  await step("risk form, percentile, guidance", async () => {
    await page.getByRole("tab", { name: "Meaning" }).click();
    await page.getByRole("button", { name: "Risk factors…" }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("Systolic blood pressure").fill("138");
    await form.getByLabel("Total cholesterol").fill("212");
    await form.getByLabel("HDL cholesterol").fill("48");
    await form.getByLabel("Race").selectOption({ index: 1 });
    await shot(page, "09-risk-form");
    await accessible(page, "risk form");
    await form.getByRole("button", { name: "Keep" }).click();
    await form.waitFor({ state: "detached" });
    await page.locator(".chart").waitFor({ timeout: 30_000 });
    await page.waitForTimeout(800);
    await shot(page, "10-meaning");
    await accessible(page, "meaning");
  });

  await step("compare with the earlier exam at the same level", async () => {
    await page.keyboard.press("x");
    await page.locator(".pane").nth(1).waitFor();
    await page.waitForTimeout(2500);
    await shot(page, "11-compare");
    await page.keyboard.press("x");
  });

  await step("sign", async () => {
    await page.keyboard.press("Shift+s");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("checkbox").check();
    await shot(page, "12-sign");
    await accessible(page, "sign dialog");
    await dialog.getByRole("button", { name: "Sign", exact: true }).click();
    await page.locator(".state-final").waitFor({ timeout: 60_000 });
  });

  await step("download the PDF", async () => {
    await page.getByRole("tab", { name: "Record" }).click();
    const link = page.getByRole("link", { name: "Report (PDF)" });
    await link.waitFor({ timeout: 120_000 });
    await shot(page, "13-record");
    await accessible(page, "record");
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const head = readFileSync(await download.path()).subarray(0, 5).toString();
    check(head === "%PDF-", `the report begins with ${head}`);
  });

  await step("the history", async () => {
    await page.getByRole("tab", { name: "History" }).click();
    await page.locator(".chart").waitFor({ timeout: 60_000 });
    await page.waitForTimeout(500);
    await shot(page, "14-history");
    await accessible(page, "history");
    earlier = (await page.locator(".panel a").first().getAttribute("href")).split("/").pop();
    check(earlier !== exam, "the history leads to this exam itself");
  });

  await step("help, agreement, settings", async () => {
    await page.keyboard.press("?");
    await shot(page, "15-keys");
    await accessible(page, "keys");
    await page.keyboard.press("Escape");
    await page.goto(`${server.url}/#/agreement`);
    await page.getByRole("heading", { name: "Agreement" }).waitFor();
    await page.waitForTimeout(1000);
    await shot(page, "16-agreement");
    await accessible(page, "agreement");
    await page.goto(`${server.url}/#/settings`);
    await page.getByRole("heading", { name: "Users" }).waitFor();
    await page.waitForTimeout(600);
    await shot(page, "17-settings");
    await accessible(page, "settings");
  });

  await step("light, dark, tablet", async () => {
    await page.getByLabel("Colours").selectOption("dark");
    await shot(page, "18-settings-dark");
    await accessible(page, "settings, dark");
    await page.goto(`${server.url}/#/exams`);
    await page.locator(".worklist tbody tr").first().waitFor();
    await shot(page, "19-worklist-dark");
    await accessible(page, "worklist, dark");
    await page.getByLabel("Colours").selectOption("light");
    await page.setViewportSize({ width: 820, height: 1180 });
    await shot(page, "20-worklist-tablet");
    await page.goto(`${server.url}/#/exams/${earlier}`);
    await page.locator(".headline-score output").waitFor();
    await page.waitForTimeout(2500);
    await shot(page, "21-reading-tablet-light");
    await accessible(page, "reading view, light, tablet");
  });

  await step("nothing of the patient is kept in the browser", async () => {
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    check(!/simul|patient|19\d\d-/i.test(kept), `kept: ${kept}`);
    check(!/simul/i.test(page.url()), "the address names the patient");
  });

  await step("the browser did not complain", async () => {
    const real = complaints.filter((text) => !/status of (401|404|409)/.test(text));
    check(real.length === 0, real.join("; "));
  });
} catch (error) {
  await shot(page, "99-failure").catch(() => undefined);
  if (failures.length === 0) failures.push(String(error));
} finally {
  await browser.close();
  await server.stop();
}
console.log(failures.length === 0 ? "all steps hold" : `failed: ${failures.join(", ")}`);
process.exit(failures.length === 0 ? 0 : 1);
