// What goes wrong around a reader: reloads, wrong files, slow lines, other windows, a server that dies.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { newPage } from "./browser.mjs";
import { accessible, check, shot, step } from "./check.mjs";
import { Reader } from "./reader.mjs";

export async function outages(page, server, exam) {
  const reader = new Reader(page);
  await page.setViewportSize({ width: 1280, height: 720 });

  await step("a file that is no scan is refused in words", async () => {
    const folder = mkdtempSync(join(tmpdir(), "corcal-wrong-"));
    const wrong = join(folder, "letter.txt");
    writeFileSync(wrong, "This is a letter, and no image.\n");
    await page.goto(`${server.url}/#/exams`);
    await page.getByLabel("Files to upload").setInputFiles(wrong);
    await page.locator(".uploads .failed").waitFor({ timeout: 60_000 });
    const words = await page.locator(".uploads .failed").innerText();
    check(words.startsWith("File letter.txt: not DICOM"), `a wrong file is told as: ${words}`);
    await shot(page, "30-wrong-file");
    await page.getByRole("button", { name: "Dismiss" }).last().click();
    rmSync(folder, { recursive: true });
    return words;
  });

  await step("back from an exam the list is as it was", async () => {
    await page.getByRole("button", { name: /^To review/ }).click();
    await page.getByRole("searchbox").fill("simul");
    await page.locator(`.worklist a[href="#/exams/${exam}"]`).click();
    await reader.ready();
    await page.goBack();
    await page.getByRole("heading", { name: "Worklist" }).waitFor();
    check((await page.getByRole("searchbox").inputValue()) === "simul", "the search is forgotten");
    check((await page.getByRole("button", { name: /^To review/ }).getAttribute("aria-pressed")) === "true", "the filter is forgotten");
    const focused = await page.evaluate(() => document.activeElement.getAttribute("href"));
    check(focused === `#/exams/${exam}`, `the focus is at ${focused}`);
    await page.getByRole("button", { name: "All" }).click();
    await page.getByRole("searchbox").fill("");
  });

  await step("a reload in the middle of editing loses nothing", async () => {
    await reader.goTo(server.url, exam);
    const [one] = await reader.coronary(exam);
    const was = await reader.review(exam);
    await page.keyboard.press(one.site === "RCA" ? "3" : "4");
    await reader.clickOn(exam, one.id);
    await reader.sequenceIs(exam, was.sequence + 1);
    await page.keyboard.press("v");
    await page.mouse.down();
    await page.mouse.move(300, 300);
    await page.reload();
    await reader.ready();
    check((await reader.whose()).includes("reader's"), "the edit is gone after a reload");
    await page.mouse.up();
    await reader.undo(exam, 1);
    await reader.isAsBefore(exam, was);
  });

  await step("two windows of one reader: each sees what the other does", async () => {
    const other = new Reader(await newPage(page.context()));
    await other.goTo(server.url, exam);
    const [one] = await other.coronary(exam);
    const { sequence } = await other.review(exam);
    await other.page.keyboard.press(one.site === "LM" ? "2" : "1");
    await other.clickOn(exam, one.id);
    await page.getByText("You changed this review in another window.").waitFor();
    check((await reader.whose()).includes("reader's"), "the other window shows an old table");
    await other.undo(exam, 1);
    await other.page.close();
    await page.waitForFunction(() => document.querySelector("[data-testid=whose]").innerText.startsWith("As proposed"));
    check((await reader.review(exam)).sequence === sequence + 2, "another number of edits");
  });

  await step("a slow line: the first slice early, edits in a row all arrive", async () => {
    const cdp = await page.context().newCDPSession(page);
    await page.goto(`${server.url}/#/exams`);
    await cdp.send("Network.enable");
    await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 300, downloadThroughput: 6e6, uploadThroughput: 6e6 });
    await page.goto(`${server.url}/#/exams/${exam}`);
    await page.locator(".pane-main canvas").first().waitFor();
    await page.locator(".loading-bar").waitFor();
    await shot(page, "31-slow");
    await reader.ready();
    const was = await reader.review(exam);
    const list = await reader.coronary(exam);
    await page.keyboard.press("ArrowRight");
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press("Delete");
      await page.keyboard.press("ArrowRight");
    }
    await reader.sequenceIs(exam, was.sequence + 3);
    const log = await reader.log(exam);
    const removed = log.slice(-3).map((row) => row.edit.candidates[0]);
    check(new Set(removed).size === 3, `three edits in a row went to ${removed.join(", ")}`);
    check(removed[0] === list[0].id, "the first edit is of another candidate");
    await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await cdp.detach();
    await reader.undo(exam, 3);
    await reader.isAsBefore(exam, was);
  });

  await step("an answer that is lost on the way: the edit counts once", async () => {
    const was = await reader.review(exam);
    const [one] = await reader.coronary(exam);
    let lost = 0;
    await page.route("**/review/events", async (route) => {
      if (route.request().method() !== "POST" || lost > 0) return route.continue();
      lost += 1;
      await route.fetch();
      await route.abort("connectionreset");
    });
    await page.keyboard.press(one.site === "LM" ? "2" : "1");
    await reader.clickOn(exam, one.id);
    await page.getByText("Your last edit has not reached the server").waitFor();
    await page.getByText("Your last edit has not reached the server").waitFor({ state: "detached" });
    await page.unroute("**/review/events");
    check((await reader.review(exam)).sequence === was.sequence + 1, "the edit was made twice, or not at all");
    check((await page.locator(".message-error").count()) === 0, "an error is told");
    check((await reader.whose()).includes("reader's"), "the table is the old one");
    await reader.undo(exam, 1);
  });

  await step("the server is killed while one edits, and comes again", async () => {
    const was = await reader.review(exam);
    const [one, two] = await reader.coronary(exam);
    const at = await reader.onScreen(await reader.placeOf(exam, one.id));
    await server.kill();
    await page.getByText("The connection to the server is lost").waitFor();
    await page.keyboard.press(one.site === "RCA" ? "3" : "4");
    await page.mouse.move(at.x, at.y);
    await page.mouse.click(at.x, at.y);
    await page.getByText("Your last edit has not reached the server").waitFor();
    await page.mouse.move(5, 300);
    await page.keyboard.press("ArrowRight"); // the second edit waits behind the first
    await page.keyboard.press("Delete");
    await shot(page, "32-server-gone");
    await accessible(page, "a server that is gone");
    await server.again();
    await page.getByText("The connection to the server is lost").waitFor({ state: "detached", timeout: 60_000 });
    await page.getByText("Your last edit has not reached the server").waitFor({ state: "detached" });
    await reader.sequenceIs(exam, was.sequence + 2);
    const now = await reader.review(exam);
    const site = (id) => now.candidates.find((each) => each.id === id).site;
    check(site(one.id) === (one.site === "RCA" ? "LCX" : "RCA"), "the edit of the outage is lost");
    check(site(two.id) === null || site(one.id) === null, "the edit behind it is lost");
    check((await page.locator(".message-error").count()) === 0, "an error is told though nothing was lost");
    await reader.undo(exam, 2);
    await reader.isAsBefore(exam, was);
  });
}
