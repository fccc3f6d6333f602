// What is rare and has to be right all the same: wrong doors, awkward names, few exams, two signatures at once.
import { openPage } from "./browser.mjs";
import { accessible, check, shot, step } from "./check.mjs";
import { Reader } from "./reader.mjs";

const UPRIGHT = { width: 820, height: 1180 };
const LEAST_LETTER_PX = 11;
const TYPE = 20; // units of the letters in small charts

/** Fails if the letters of the small chart in the panel are too small to be read. */
export async function legible(page, name) {
  const chart = page.locator(".chart-button .chart");
  await chart.waitFor({ timeout: 30_000 });
  const px = await chart.evaluate((image, units) => (units * image.clientWidth) / image.naturalWidth, TYPE);
  check(px >= LEAST_LETTER_PX, `letters of the chart on ${name} have ${px.toFixed(1)} pixels`);
}

/** A link that is used up, views without their mark, and nothing at all. */
export async function wrongDoors(browser, server) {
  await step("a used link and a mistyped address are told by pages", async () => {
    const pages = [await openPage(browser, { colorScheme: "light" }), await openPage(browser, { viewport: UPRIGHT, colorScheme: "dark" })];
    for (const [page, look] of [[pages[0], "light"], [pages[1], "dark"]]) {
      await page.goto(server.link);
      await page.getByRole("heading", { name: "This link no longer opens corcal" }).waitFor();
      await shot(page, `44-used-link-${look}`);
      await accessible(page, `a used link, ${look}`);
      check((await page.evaluate(() => document.documentElement.dataset.theme)) === look, `the page is not ${look}`);
      await page.goto(`${server.url}/agreemnt`);
      await page.getByRole("heading", { name: "There is no such page" }).waitFor();
      await shot(page, `45-no-page-${look}`);
      await accessible(page, `no page, ${look}`);
      await page.getByRole("link", { name: "Go to corcal" }).click();
      await page.getByRole("button", { name: "Log in" }).waitFor();
      await page.context().close();
    }
  });
}

/** Who is logged in, and types the address of a view without its mark. */
export async function plainAddress(page, url) {
  await step("a view is found without its mark; too few exams are said", async () => {
    await page.goto(`${url}/agreement`);
    await page.getByRole("heading", { name: "Agreement" }).waitFor();
    check(page.url() === `${url}/#/agreement`, `the address is ${page.url()}`);
    await page.getByText("1 exam of 1 patient").waitFor();
    check((await page.getByText("10 patients are needed; there is 1").count()) === 3, "it is not said what three figures need");
    check((await page.locator(".agreement-chart .limit").count()) === 0, "limits are drawn of one exam");
    await shot(page, "46-few-exams");
    await accessible(page, "agreement of one exam");
    await page.getByLabel("Compare").selectOption({ index: 1 });
    await page.getByText("No exam has both scores").waitFor();
    await shot(page, "47-no-exams");
    await accessible(page, "agreement of no exam");
  });
}

const NAMES = {
  long: ["Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh^Hubert Blaine Maximilian^Ferdinand", "A-VERY-LONG-NUMBER-0123456789-0123456789"],
  rtl: ["عبد الرحمن بن عبد العزيز آل سعود^محمد بن عبد الله بن سلمان^\u202eسلمان", "RTL-\u202e1"],
  hostile: ["<b onclick>alert(1)</b>^\"'&amp;", "</h1><script>"],
};

/** The same exam under names that other people have. */
export async function awkwardNames(browser, state, url, exam) {
  await step("whatever the name, age, sex and number stay in the head", async () => {
    const page = await openPage(browser, { storageState: state });
    for (const [kind, [name, patient_id]] of Object.entries(NAMES)) {
      await page.route(`**/api/v1/exams/${exam}`, async (route) => {
        const answer = await route.fetch();
        const detail = await answer.json();
        Object.assign(detail.row.patient, { name, patient_id });
        await route.fulfill({ response: answer, json: detail });
      });
      for (const [look, size] of [["wide", { width: 1280, height: 720 }], ["upright", UPRIGHT]]) {
        await page.setViewportSize(size);
        await page.goto("about:blank");
        await new Reader(page).goTo(url, exam);
        await page.waitForTimeout(300);
        const head = await page.locator(".reading-head").boundingBox();
        for (const part of [".who-name", ".who-facts", ".who-number", ".exam-date"]) {
          const box = await page.locator(part).boundingBox();
          check(box !== null && box.width > 20 && box.x >= 0 && box.x + box.width <= head.width, `${part} of a ${kind} name is out of sight, ${look}`);
        }
        const cut = await page.locator(".who-facts").evaluate((one) => one.scrollWidth - one.clientWidth);
        check(cut <= 1, `age and sex are cut beside a ${kind} name`);
        check(/\d+ y/.test(await page.locator(".who-facts").innerText()), "the age is not in the head");
        const sign = await page.getByRole("button", { name: "Sign…" }).boundingBox();
        check(sign.x + sign.width <= size.width, `the head is wider than the page by a ${kind} name`);
        await shot(page, `48-name-${kind}-${look}`);
        await accessible(page, `a ${kind} name, ${look}`);
      }
      const title = await page.locator(".reading-head h1").getAttribute("title");
      check(title.includes(name.split("^")[0].slice(-12)), "the title has not the whole name");
      await page.unroute(`**/api/v1/exams/${exam}`);
    }
    await page.context().close();
  });
}

/** Two have the dialog open; the first has signed when the second does. */
export async function twoSign(anna, bert, url, exam) {
  await step("two sign at once: the second is told who did, when, and what is left to do", async () => {
    check((await anna.post(`/exams/${exam}/addendum`, { reason: "To be looked at by two." })) === 201, "no addendum can be begun");
    const signatures = async () => (await anna.json(`/exams/${exam}`)).versions.filter((one) => one.is_signed).length;
    const before = await signatures();
    for (const one of [anna, bert]) {
      await one.page.goto("about:blank"); // the page begins anew, at its first tab
      await one.goTo(url, exam);
      await one.page.keyboard.press("Shift+S");
      await one.page.getByRole("dialog").getByRole("checkbox").check();
    }
    let release = () => {};
    const gate = new Promise((give) => (release = give));
    await bert.page.route("**/sign", async (route) => {
      await gate;
      await route.continue();
    });
    await bert.page.getByRole("dialog").getByRole("button", { name: "Sign", exact: true }).click();
    await anna.page.getByRole("dialog").getByRole("button", { name: "Sign", exact: true }).click();
    await anna.page.locator(".state-final").waitFor({ timeout: 60_000 });
    release();
    const dialog = bert.page.getByRole("dialog", { name: "This exam is signed already" });
    await dialog.waitFor();
    const words = await dialog.innerText();
    check(/Anna Admin signed it, \d{4}-\d\d-\d\d \d\d:\d\d: version \d+, Agatston score \d/.test(words), `it is said: ${words}`);
    check(words.includes("Nothing of yours is lost"), "it is not said what becomes of the edits");
    await shot(bert.page, "49-signed-already");
    await accessible(bert.page, "signed by another");
    check((await signatures()) === before + 1, "two have signed, or nobody");
    await dialog.getByRole("button", { name: "Look at it" }).click();
    check((await bert.page.getByRole("button", { name: "Sign…" }).count()) === 0, "it can be signed again");
    await bert.page.unroute("**/sign");
  });
}

/** Whoever came by sign-on is known at their organisation still, after logging out here. */
export async function signOff(page, url) {
  await step("who came by sign-on logs out there, too", async () => {
    await page.route("**/api/v1/session", async (route) => {
      if (route.request().method() !== "GET") return route.continue();
      const answer = await route.fetch();
      const json = await answer.json();
      await route.fulfill({ response: answer, json: "user" in json ? { ...json, sign_on: true } : json });
    });
    await page.route("**/oidc/logout", (route) => route.fulfill({ contentType: "text/html", body: "<h1>signed off there</h1>" }));
    await page.goto("about:blank");
    await page.goto(`${url}/#/exams`);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "signed off there" }).waitFor();
    check(page.url() === `${url}/oidc/logout`, `it leads to ${page.url()}`);
    await page.unroute("**/api/v1/session");
    await page.goto(url);
    await page.getByRole("button", { name: "Log in" }).waitFor();
  });
}
