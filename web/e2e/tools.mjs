// Every tool of the reading view on one exam, and each undone again.
import { accessible, check, shot, step } from "./check.mjs";
import { Reader } from "./reader.mjs";

export async function tools(page, url, exam) {
  const reader = new Reader(page);
  await page.setViewportSize({ width: 1280, height: 720 });
  await reader.goTo(url, exam);
  const before = await reader.review(exam);
  const [largest] = await reader.coronary(exam);

  await step("a part by the brush, given to another artery", async () => {
    const at = await reader.placeOf(exam, largest.id);
    await reader.toSlice(at.z);
    await page.keyboard.press("v");
    await page.getByText("Paint over a part of a candidate to part it").waitFor();
    for (let i = 0; i < 4; i++) await page.keyboard.press("[");
    await page.locator(".tool-bar").getByText("0.7 mm").waitFor();
    const column = at.left + 0.5;
    await reader.draw(at.z, [[at.top - 1, column], [at.bottom + 1, column]], () => shot(page, "22-brush"));
    await page.getByText(/Split into \d parts/).waitFor();
    const now = await reader.review(exam);
    const known = new Set(before.candidates.map((one) => one.id));
    const parts = now.candidates.filter((one) => !known.has(one.id));
    check(parts.length >= 2, `the brush made ${parts.length} parts`);
    const voxels = (list) => list.reduce((sum, one) => sum + one.volume_mm3, 0);
    check(Math.abs(voxels(parts) - largest.volume_mm3) < 0.01, "the parts are not the whole");
    const smallest = parts.sort((a, b) => a.volume_mm3 - b.volume_mm3)[0];
    const other = largest.site === "RCA" ? ["3", "LCX"] : ["4", "RCA"];
    await page.keyboard.press(other[0]);
    await page.keyboard.press("Enter");
    await reader.sequenceIs(exam, now.sequence + 1);
    check((await reader.siteOf(exam, smallest.id)) === other[1], `the part is not ${other[1]}`);
    await reader.undo(exam, 2);
    await reader.isAsBefore(exam, before);
  });

  await step("Escape in the middle of a stroke draws nothing", async () => {
    const { sequence } = await reader.review(exam);
    const at = await reader.placeOf(exam, largest.id);
    await reader.toSlice(at.z);
    await page.keyboard.press("r");
    await reader.draw(at.z, [[at.top - 4, at.left - 4], [at.top - 4, at.right + 4], [at.bottom + 4, at.right + 4]], () =>
      page.keyboard.press("Escape"),
    );
    await page.keyboard.press("Escape");
    check((await reader.review(exam)).sequence === sequence, "a stroke that was ended was sent");
    check((await page.locator(".message-error").count()) === 0, "an error is told");
  });

  await step("keys do nothing behind a dialog of the side panel", async () => {
    const was = await reader.review(exam);
    await page.keyboard.press("ArrowRight");
    await page.getByRole("tab", { name: "Meaning" }).click();
    await page.getByRole("button", { name: "Risk factors…" }).click();
    await page.locator("dialog[open]").waitFor();
    await page.keyboard.press("Delete");
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    await page.waitForTimeout(300);
    check((await reader.review(exam)).sequence === was.sequence, "a key edited what the dialog covered");
    await page.getByRole("tab", { name: "Score" }).click();
    await page.keyboard.press("Escape");
  });

  await step("a freehand region over several slices", async () => {
    const at = await reader.placeOf(exam, largest.id);
    const was = await reader.review(exam);
    await reader.toSlice(at.z);
    await page.keyboard.press("1");
    await page.keyboard.press("r");
    await page.keyboard.press("]");
    await page.keyboard.press("]");
    check((await page.getByLabel("Slices above and below").inputValue()) === "2", "the region has another depth");
    await page.locator(".tool-bar").getByText("it goes to LM").waitFor();
    const [top, bottom, left, right] = [at.top - 4, at.bottom + 4, at.left - 4, at.right + 4];
    await reader.draw(at.z, [[top, left], [top, right], [bottom, right], [bottom, left], [top + 1, left]], () => shot(page, "23-region"));
    await reader.sequenceIs(exam, was.sequence + 1);
    const lm = (one) => one.score.vessels.LM.agatston;
    await page.waitForFunction(() => document.querySelector(".mark-reader") !== null);
    const now = await reader.review(exam);
    check(lm(now) > lm(was), "the region gave nothing to the left main");
    check(Math.abs(now.score.total.agatston - was.score.total.agatston) < 1, "calcium was lost by giving it elsewhere");
    await page.keyboard.press("Escape");
    await reader.undo(exam, 1);
    await reader.isAsBefore(exam, before);
  });

  await step("another threshold, another rule", async () => {
    const total = await reader.total();
    const field = page.getByLabel("Threshold");
    await field.fill("160");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.waitForFunction((text) => document.querySelector(".headline-score output").innerText !== text, total);
    const now = await reader.review(exam);
    check(now.score.threshold_hu === 160, `the threshold is ${now.score.threshold_hu}`);
    check(now.score.total.agatston < before.score.total.agatston, "a higher threshold found more");
    check((await reader.whose()).includes("Automatic:"), "the table does not say that it was changed");
    await shot(page, "24-threshold");
    await field.fill("100");
    await page.getByRole("button", { name: "Apply" }).click();
    check((await reader.review(exam)).score.threshold_hu === 160, "a threshold below what was looked for was taken");
    await field.fill("160");
    const other = before.rules.find((rule) => rule !== before.rule);
    await page.getByLabel("Rule").click();
    await page.getByLabel("Rule").selectOption(other);
    await reader.sequenceIs(exam, now.sequence + 1);
    check((await reader.review(exam)).rule.startsWith(other), "the rule is another");
    await page.locator(".pane-main").hover();
    await reader.undo(exam, 2);
    await reader.isAsBefore(exam, before);
  });

  await step("a thick slab shows the calcium of all its slices", async () => {
    const at = await reader.placeOf(exam, largest.id);
    await reader.toSlice(at.z + 5);
    const lit = () =>
      page.evaluate(() => {
        const { width, height } = document.querySelector(".pane-main .pane-overlay");
        const data = document.querySelector(".pane-main .pane-overlay").getContext("2d").getImageData(0, 0, width, height).data;
        let count = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count += 1;
        return count;
      });
    await page.waitForTimeout(300);
    const single = await lit();
    for (let i = 0; i < 4; i++) await page.keyboard.press("m");
    await reader.label.getByText("40 mm maximum").waitFor();
    await page.waitForTimeout(300);
    const thick = await lit();
    check(thick > single, `${thick} coloured pixels in the slab, ${single} in the slice`);
    const point = await reader.screen(at.z, at.y, at.x);
    await page.mouse.move(point.x, point.y);
    await page.locator(".strip").getByText(`proposed: ${largest.proposed_site}`).waitFor();
    await shot(page, "25-slab");
    await accessible(page, "a slab");
    for (let i = 0; i < 2; i++) await page.keyboard.press("m");
  });
}
