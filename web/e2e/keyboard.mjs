// From the worklist to the signature without a mouse.
import { check, shot, step } from "./check.mjs";
import { Reader } from "./reader.mjs";

export async function keyboard(page, url, exam) {
  const reader = new Reader(page);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("href") ?? document.activeElement?.tagName);

  await step("keys alone: find the exam and open it", async () => {
    await page.goto(`${url}/#/agreement`);
    await page.goto(`${url}/#/exams`);
    await page.locator(".worklist tbody tr").first().waitFor();
    await press("/");
    await page.keyboard.type("simul");
    await page.waitForTimeout(500);
    for (let i = 0; i < 5 && (await focused()) !== `#/exams/${exam}`; i++) await press("ArrowDown");
    check((await focused()) === `#/exams/${exam}`, `the arrows lead to ${await focused()}`);
    await shot(page, "41-keyboard-worklist");
    await press("Enter");
    await reader.ready();
  });

  await step("keys alone: go through candidates, reassign, take out, cut, undo", async () => {
    const was = await reader.review(exam);
    const list = await reader.coronary(exam);
    await press("ArrowRight", list[0].site === "RCA" ? "3" : "4", "Enter");
    await reader.sequenceIs(exam, was.sequence + 1);
    await press("w");
    await page.getByText(/^Why .* was proposed/).waitFor();
    await press("w", "ArrowRight", "Delete");
    await reader.sequenceIs(exam, was.sequence + 2);
    await press("u", "u");
    await reader.sequenceIs(exam, was.sequence + 4);
    await reader.isAsBefore(exam, was);
    // a cut from above to below through the candidate where the crosshair stands
    const at = await reader.placeOf(exam, list[0].id);
    await press("Escape", "ArrowRight");
    for (let i = 0; i < 30; i++) {
      const chosen = await page.locator(".lesion[aria-pressed=true]").innerText();
      if (chosen.startsWith(list[0].site) && chosen.includes(String(Math.round(list[0].agatston)))) break;
      await press("ArrowRight");
    }
    await reader.toSlice(at.z);
    const reach = at.bottom - at.top + 4;
    await press("c", ...Array(reach).fill("Shift+ArrowUp"), "Enter", ...Array(2 * reach).fill("Shift+ArrowDown"), "Enter");
    await page.getByText(/Split into \d parts/).waitFor();
    await shot(page, "42-keyboard-cut");
    await press("u");
    await reader.sequenceIs(exam, was.sequence + 6);
    await reader.isAsBefore(exam, was);
  });

  await step("keys alone: look at the tabs, and sign", async () => {
    for (let i = 0; i < 60 && (await page.evaluate(() => document.activeElement?.id)) !== "tab-score"; i++) await press("Tab");
    await press("ArrowRight");
    await page.getByRole("heading", { name: "Compared with others" }).waitFor();
    await press("ArrowRight", "ArrowRight");
    await page.getByRole("heading", { name: "Versions" }).waitFor();
    await press("Shift+S");
    await page.getByRole("dialog").waitFor();
    await press("Space");
    await shot(page, "43-keyboard-sign");
    await press("Enter");
    await page.locator(".state-final").waitFor({ timeout: 60_000 });
    await press("Shift+N");
    await page.getByText("No other exam waits for a review.").waitFor();
  });
}
