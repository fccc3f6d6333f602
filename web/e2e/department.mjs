// Several people: accounts, two readers at one exam, a session that ends, blind reads, addenda, tokens.
import { twoSign } from "./awkward.mjs";
import { openPage } from "./browser.mjs";
import { accessible, check, shot, step } from "./check.mjs";
import { Reader } from "./reader.mjs";

export const PEOPLE = {
  anna: { login: "anna", name: "Anna Admin", role: "admin", password: "correct horse battery" },
  bert: { login: "bert", name: "Bert Reader", role: "reader", password: "staple of the reader" },
  carl: { login: "carl", name: "Carl Second", role: "reader", password: "blind as a good reader" },
  vera: { login: "vera", name: "Vera Viewer", role: "viewer", password: "only looking, thanks" },
};

/** Accounts, made by the one person of the personal server: the first on the screen. */
export async function makeAccounts(page, url) {
  await step("accounts are made on the settings page", async () => {
    await page.goto(`${url}/#/settings`);
    const form = page.locator("section", { has: page.getByRole("heading", { name: "Users" }) }).locator("form");
    await form.getByLabel("Login").fill(PEOPLE.anna.login);
    await form.getByLabel("Name").fill(PEOPLE.anna.name);
    await form.getByLabel("Role").selectOption("admin");
    await form.getByLabel("Password").fill(PEOPLE.anna.password);
    await form.getByRole("button", { name: "Add" }).click();
    await page.getByLabel(`Role of ${PEOPLE.anna.name}`).waitFor();
    const reader = new Reader(page);
    for (const one of [PEOPLE.bert, PEOPLE.carl, PEOPLE.vera]) {
      check((await reader.post("/users", one)) === 201, `${one.login} was not made`);
    }
  });
}

async function logIn(page, url, { login, password }) {
  await page.goto(url);
  await fillIn(page, { login, password });
  await page.getByRole("heading", { name: "Worklist" }).waitFor();
}

async function fillIn(page, { login, password }) {
  await page.getByLabel("Name", { exact: true }).fill(login);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

export async function department(browser, url, [signed, open]) {
  const anna = new Reader(await openPage(browser));
  const bert = new Reader(await openPage(browser));

  await step("the login page offers sign-on only where there is one", async () => {
    const { page } = anna;
    await page.goto(url);
    await page.getByRole("button", { name: "Log in" }).waitFor();
    const link = page.getByRole("link", { name: "Sign on with your organisation" });
    check((await link.count()) === 0, "a sign-on is offered that is not there");
    await page.route("**/api/v1/session", (route) =>
      route.fulfill({ status: 401, contentType: "application/problem+json", body: JSON.stringify({ status: 401, code: "login", detail: "log in first", sign_on: true }) }),
    );
    await page.reload();
    await link.waitFor();
    check((await link.getAttribute("href")) === "/oidc/login", "the sign-on leads elsewhere");
    await shot(page, "33-sign-on");
    await accessible(page, "login with sign-on");
    await page.unroute("**/api/v1/session");
    await page.goto(url);
    await fillIn(page, { login: "anna", password: "not her password" });
    await page.getByText(/not right/).waitFor();
    await logIn(page, url, PEOPLE.anna);
  });

  await step("two readers at one exam: each sees the other, and who is later is told", async () => {
    await logIn(bert.page, url, PEOPLE.bert);
    await anna.goTo(url, open);
    await bert.goTo(url, open);
    await bert.page.getByText("also open: Anna Admin").waitFor();
    const was = await anna.review(open);
    const [one, two] = await anna.coronary(open);
    await anna.page.keyboard.press(one.site === "RCA" ? "3" : "4");
    await anna.clickOn(open, one.id);
    await bert.page.getByText("Anna Admin changed this review just now.").waitFor();
    check((await bert.whose()).includes("One candidate is the reader's"), "the second reader sees an old table");
    // now truly at once: the edit of the second is on its way when that of the first arrives
    let release = () => {};
    const gate = new Promise((give) => (release = give));
    await bert.page.route("**/review/events", async (route) => {
      if (route.request().method() === "POST") await gate;
      await route.continue();
    });
    await bert.page.keyboard.press("1");
    await bert.clickOn(open, two.id);
    await anna.undo(open, 1);
    release();
    await bert.page.getByText(/(Anna Admin|anna) was faster/).waitFor();
    await shot(bert.page, "34-conflict");
    await accessible(bert.page, "conflict");
    await bert.page.unroute("**/review/events");
    const now = await bert.review(open);
    check(now.sequence === was.sequence + 2, "an edit was lost, or made twice");
    check((await bert.siteOf(open, two.id)) === two.site, "the later edit was applied after all");
    await bert.clickOn(open, two.id);
    await bert.sequenceIs(open, now.sequence + 1);
    await bert.undo(open, 1);
    await bert.isAsBefore(open, was);
  });

  await step("a session that ends in the middle of an edit: log in, and the edit is made", async () => {
    const { page } = bert;
    const was = await bert.review(open);
    const [one] = await bert.coronary(open);
    const at = await bert.onScreen(await bert.placeOf(open, one.id));
    const name = await page.locator(".who-name").innerText();
    await page.context().clearCookies();
    await page.keyboard.press(one.site === "RCA" ? "3" : "4");
    await page.mouse.click(at.x, at.y);
    await page.getByText("Your session has ended").waitFor();
    check(!(await page.getByText(name).first().isVisible()), "the patient stands behind the login");
    await shot(page, "35-session-ended");
    await accessible(page, "a session that ended");
    await fillIn(page, PEOPLE.bert);
    await page.getByText("Your session has ended").waitFor({ state: "detached" });
    await bert.sequenceIs(open, was.sequence + 1);
    await page.getByText("One candidate is the reader's").waitFor();
    check((await bert.siteOf(open, one.id)) !== one.site, "the edit is lost");
    await bert.undo(open, 1);
    await bert.isAsBefore(open, was);
  });

  await step("a blind second read shows nothing of others, and ends in the agreement", async () => {
    const { page } = anna;
    const carl = new Reader(await openPage(browser));
    await logIn(carl.page, url, PEOPLE.carl);
    await page.getByRole("tab", { name: "Record" }).click();
    const ask = page.getByRole("button", { name: "Blind second read…" });
    await ask.click();
    await page.getByRole("dialog").getByRole("textbox").fill("bert");
    await page.getByRole("button", { name: "Ask for it" }).click();
    await page.getByText("This reader has worked at the exam already").waitFor();
    await ask.click();
    await page.getByRole("dialog").getByRole("textbox").fill("carl");
    await shot(page, "36-ask-blind");
    await page.getByRole("button", { name: "Ask for it" }).click();
    await page.getByText("The second reader was asked.").waitFor();
    await carl.page.goto(`${url}/#/agreement`);
    await carl.page.getByRole("link", { name: /Asked by/ }).click();
    await carl.page.getByText("A blind read: nothing is proposed.").waitFor();
    await carl.ready();
    check((await carl.total()) === "0", `the blind reader begins at ${await carl.total()}`);
    const all = await anna.coronary(open);
    check((await carl.review(open)).candidates.every((one) => one.proposed_site === null), "a proposal is told");
    await carl.page.keyboard.press("2");
    await carl.page.keyboard.press("a");
    await carl.clickOn(open, all[0].id);
    await carl.page.waitForFunction(() => document.querySelector(".headline-score output").innerText !== "0");
    check(!(await carl.page.locator(".reading").innerText()).includes("> 99 %"), "a probability is shown");
    await carl.page.waitForTimeout(300);
    await shot(carl.page, "37-blind");
    await accessible(carl.page, "a blind read");
    for (const tab of ["Meaning", "History", "Record"]) {
      await carl.page.getByRole("tab", { name: tab }).click();
      await carl.page.waitForTimeout(250);
    }
    await carl.page.keyboard.press("Shift+S");
    await carl.page.getByRole("dialog").getByRole("checkbox").check();
    await carl.page.getByRole("button", { name: "End the read" }).click();
    await carl.page.getByText("Your blind read is kept for the agreement").waitFor();
    check((await anna.json(`/exams/${open}`)).row.state === "to_review", "a blind read signed the exam");
    await carl.page.context().close();
  });

  await step("an addendum corrects what was signed, and both stay readable", async () => {
    const { page } = anna;
    await anna.goTo(url, signed);
    check((await page.getByRole("button", { name: "Sign…" }).count()) === 0, "a signed exam can be signed");
    await page.keyboard.press("Delete");
    const before = await anna.json(`/exams/${signed}`);
    await page.getByRole("tab", { name: "Record" }).click();
    await page.getByRole("button", { name: "Addendum…" }).click();
    await page.getByRole("dialog").getByRole("textbox").fill("A lesion of the left main was counted to the LAD.");
    await page.getByRole("button", { name: "Begin the addendum" }).click();
    await page.getByRole("button", { name: "Sign…" }).waitFor();
    const [one] = await anna.coronary(signed);
    await page.keyboard.press("Escape");
    await page.keyboard.press(one.site === "LM" ? "2" : "1");
    await anna.clickOn(signed, one.id);
    await anna.page.getByRole("tab", { name: "Score" }).click();
    await page.getByText(/reader's; the rest/).waitFor();
    await page.keyboard.press("Shift+S");
    await page.getByRole("dialog").getByRole("checkbox").check();
    await page.getByRole("dialog").getByRole("button", { name: "Sign", exact: true }).click();
    await page.locator(".state-final").waitFor({ timeout: 60_000 });
    const after = await anna.json(`/exams/${signed}`);
    check(after.versions.length === before.versions.length + 1, "the addendum is no version of its own");
    await page.getByRole("tab", { name: "Record" }).click();
    await page.locator(".version").first().getByText("Reason: A lesion of the left main was counted to the LAD.").waitFor();
    await page.locator(".amended summary").click();
    await page.locator(".amended-words").getByText(`Then: version ${before.versions.length}`).waitFor();
    await page.waitForTimeout(400);
    await shot(page, "38-addendum");
    await accessible(page, "addendum");
    const kept = await anna.json(`/exams/${signed}/versions/${before.versions.length}/files`);
    check(kept.files.some((file) => file.name === "result.json"), "the first signature cannot be read any more");
  });

  await twoSign(anna, bert, url, signed);

  await step("agreement of readers", async () => {
    const { page } = anna;
    await page.goto(`${url}/#/agreement`);
    await page.getByText("Intraclass correlation").waitFor();
    await page.waitForTimeout(400);
    await shot(page, "39-agreement");
    await accessible(page, "agreement with exams");
  });

  await step("a token for programs: shown once, used, revoked", async () => {
    const { page } = anna;
    await page.goto(`${url}/#/settings`);
    await page.getByLabel("For what").fill("cohort of 2026");
    await page.getByRole("button", { name: "Make a token" }).click();
    const token = await page.locator("code.secret").innerText();
    await shot(page, "40-token");
    await accessible(page, "tokens");
    const ask = async () => (await fetch(`${url}/api/v1/exams`, { headers: { Authorization: `Bearer ${token}` } })).status;
    check((await ask()) === 200, "the token opens nothing");
    await page.reload();
    await page.getByRole("rowheader", { name: "cohort of 2026" }).waitFor();
    check(!(await page.locator("body").innerText()).includes(token), "the token is shown again");
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("rowheader", { name: "cohort of 2026" }).waitFor({ state: "detached" });
    check((await ask()) === 401, "a revoked token still opens");
  });

  await step("who may only look has nothing to edit with", async () => {
    const vera = new Reader(await openPage(browser));
    await logIn(vera.page, url, PEOPLE.vera);
    check((await vera.page.getByRole("region", { name: "Upload" }).count()) === 0, "a viewer may upload");
    await vera.goTo(url, open);
    for (const name of ["Sign…", "Undo", "Cut by a line"]) {
      check((await vera.page.getByRole("button", { name }).count()) === 0, `a viewer sees ${name}`);
    }
    const { sequence } = await vera.review(open);
    const [one] = await vera.coronary(open);
    await vera.clickOn(open, one.id);
    for (const key of ["Delete", "Enter", "u", "Shift+S"]) await vera.page.keyboard.press(key);
    await vera.page.waitForTimeout(200);
    check((await vera.review(open)).sequence === sequence, "a viewer has edited");
    await vera.page.context().close();
  });

  await bert.page.context().close();
  return anna.page;
}
