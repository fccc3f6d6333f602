// The whole way of a reader: upload, progress, open, scroll, reassign, split, undo and redo, risk,
// comparison, signature, download, history; each page looked at in its colours and sizes.
import { readFileSync } from "node:fs";

import { legible } from "./awkward.mjs";
import { accessible, check, shot, step } from "./check.mjs";
import { Reader } from "./reader.mjs";

const SCORED_MS = 300_000;

/** Reads the newer of two exams from upload to signature; ids of both, newer first. */
export async function journey(page, server, [first, second]) {
  const reader = new Reader(page);
  let exam = "";
  let earlier = "";

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
    const was = await reader.review(exam);
    const [a, b] = was.candidates.filter((one) => one.site === "LAD").sort((x, y) => y.agatston - x.agatston);
    const at = await reader.onScreen(await reader.placeOf(exam, a.id));
    await page.keyboard.press("3");
    await page.mouse.move(at.x, at.y);
    await page.locator(".strip").getByText("proposed: LAD").waitFor();
    await page.keyboard.press("w");
    await page.getByText("Why LAD was proposed").waitFor();
    await shot(page, "05-why");
    await page.keyboard.press("w");
    const before = await reader.total();
    await page.mouse.click(at.x, at.y);
    await page.getByText("One candidate is the reader's").waitFor();
    const ms = await page.evaluate(() => performance.getEntriesByName("corcal edit").pop()?.duration);
    check((await reader.total()) === before, "moving a lesion between arteries changed the total");
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
    const now = await reader.review(exam);
    check(now.candidates.find((one) => one.id === a.id).site === "LCX", "the first lesion is not LCX");
    check(now.candidates.find((one) => one.id === b.id).site === "RCA", "the second lesion is not RCA");
    await shot(page, "06-reassigned");
    const wire = await page.evaluate(
      () => performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/review/events")).map((one) => Math.round(one.duration)),
    );
    return `the table was new after ${Math.round(ms)} ms, of which the server took ${wire[0]}; then ${wire.slice(1).join(", ")}`;
  });

  await step("split one by a line", async () => {
    const was = await reader.review(exam);
    const vessels = was.candidates.filter((one) => ["LM", "LAD", "LCX", "RCA"].includes(one.site));
    const one = vessels.sort((x, y) => y.volume_mm3 - x.volume_mm3)[0];
    const at = await reader.placeOf(exam, one.id);
    await reader.toSlice(at.z);
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
    const now = await reader.review(exam);
    check(now.candidates.length > was.candidates.length, "no new candidate");
    check(now.candidates.every((c) => c.id !== one.id), "the whole is still there");
    await shot(page, "08-split");
  });

  await step("undo and redo", async () => {
    const last = await reader.review(exam);
    for (let i = 1; i <= 3; i++) {
      await page.keyboard.press("u");
      await reader.sequenceIs(exam, last.sequence + i);
    }
    await page.getByText("As proposed; no reader has changed anything.").waitFor();
    for (let i = 4; i <= 6; i++) {
      await page.keyboard.press("Shift+u");
      await reader.sequenceIs(exam, last.sequence + i);
    }
    const now = await reader.review(exam);
    check(JSON.stringify(now.score) === JSON.stringify(last.score), "the score after undo and redo is another");
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
    await legible(page, "Meaning");
    await shot(page, "10-meaning");
    await accessible(page, "meaning");
  });

  await step("compare with the earlier exam at the same level", async () => {
    await page.keyboard.press("x");
    await page.locator(".pane").nth(1).getByText("Earlier exam").waitFor();
    await page.locator(".pane").nth(1).locator("canvas").first().waitFor();
    await page.waitForTimeout(1200);
    const [other] = (await reader.json(`/exams/${exam}`)).previous;
    const rise = await reader.rise(exam, other.id);
    await page.waitForFunction(() => performance.getEntriesByName("corcal level").length > 0);
    const slices = async () => (await page.locator(".pane .pane-label").allInnerTexts()).map((text) => Number(/slice (\d+)/.exec(text)[1]) - 1);
    for (const key of ["", "PageUp", "ArrowDown"]) {
      if (key) await page.keyboard.press(key);
      await page.waitForTimeout(250);
      const [now, beside] = await slices();
      const wanted = (now * rise.here + rise.mm) / rise.there;
      check(Math.abs(beside - wanted) < 0.8, `slice ${now} stands beside ${beside}, at the same level is ${wanted.toFixed(1)}`);
    }
    await shot(page, "11-compare");
    await accessible(page, "comparison");
    await page.keyboard.press("x");
    check((await page.locator(".pane").count()) === 4, "the other planes are not back");
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
    await legible(page, "History");
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

  await step("light, dark, upright tablet", async () => {
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

  return [exam, earlier];
}
