// A tablet of 1024 x 768: fingers alone, in dark and in light.
import { openPage } from "./browser.mjs";
import { accessible, check, shot, step } from "./check.mjs";
import { Reader } from "./reader.mjs";

const LEAST_PX = 36;

export async function touch(browser, state, url, exam) {
  const page = await openPage(browser, { viewport: { width: 1024, height: 768 }, hasTouch: true, storageState: state, colorScheme: "light" });
  const reader = new Reader(page);
  const cdp = await page.context().newCDPSession(page);
  const send = (type, points) =>
    cdp.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });

  await step("a tablet: a tap assigns, a finger turns slices, two make it larger", async () => {
    await page.goto(url);
    await page.locator(`.worklist a[href="#/exams/${exam}"]`).tap();
    await reader.ready();
    await page.waitForTimeout(400);
    const was = await reader.review(exam);
    const [one] = await reader.coronary(exam);
    const box = await page.locator(".pane-main").boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const before = await reader.slice();
    await send("touchStart", [[x, y]]);
    for (let i = 1; i <= 8; i++) await send("touchMove", [[x, y - 12 * i]]);
    await send("touchEnd", []);
    check((await reader.slice()) !== before, "one finger turned no slice");
    const scale = async () => (await reader.screen(0, 0, 100)).x - (await reader.screen(0, 0, 0)).x;
    const small = await scale();
    await send("touchStart", [[x - 40, y], [x + 40, y]]);
    for (let i = 1; i <= 6; i++) await send("touchMove", [[x - 40 - 8 * i, y], [x + 40 + 8 * i, y]]);
    await send("touchEnd", []);
    check((await scale()) > small * 1.5, "two fingers made nothing larger");
    await page.getByRole("button", { name: "Whole image" }).tap();
    await page.getByRole("radio", { name: one.site === "RCA" ? /^LCX/ : /^RCA/ }).tap();
    await page.locator(".lesion").first().tap();
    await page.waitForTimeout(300);
    const place = await reader.placeOf(exam, one.id);
    if ((await reader.slice()) !== place.z) await reader.toSlice(place.z);
    const at = await reader.screen(place.z, place.y, place.x);
    await page.touchscreen.tap(at.x, at.y);
    await reader.sequenceIs(exam, was.sequence + 1);
    await page.getByRole("button", { name: "Undo" }).tap();
    await reader.sequenceIs(exam, was.sequence + 2);
    await reader.isAsBefore(exam, was);
  });

  await step("a tablet: what is tapped is large enough, in dark and light", async () => {
    const small = await page.evaluate(
      (least) =>
        [...document.querySelectorAll(".reading-head button, .reading-head a, .palette button, .palette select, [role=tab]")]
          .filter((one) => one.offsetParent !== null && Math.min(one.offsetWidth, one.offsetHeight) < least)
          .map((one) => `${one.getAttribute("aria-label") ?? one.innerText} ${one.offsetWidth}x${one.offsetHeight}`),
      LEAST_PX,
    );
    check(small.length === 0, `too small for a finger: ${small.join(", ")}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= 1024, `the page is ${wide} wide`);
    await shot(page, "26-tablet-system"); // the reading view is dark unless asked otherwise
    for (const colours of ["dark", "light"]) {
      await page.evaluate((name) => localStorage.setItem("corcal.theme", name), colours);
      await page.reload();
      await reader.ready();
      await page.waitForTimeout(400);
      await shot(page, `27-tablet-${colours}`);
      await accessible(page, `tablet, ${colours}`);
    }
  });
  await page.context().close();
}
