// A browser against the real server and a simulated patient, as several people and on bad days.
// `make web-test` runs it; the pictures lie in e2e/screens afterwards.
import { awkwardNames, plainAddress, signOff, wrongDoors } from "./awkward.mjs";
import { complaints, launch, openPage } from "./browser.mjs";
import { check, failures, shot, step } from "./check.mjs";
import { department, makeAccounts } from "./department.mjs";
import { journey } from "./journey.mjs";
import { keyboard } from "./keyboard.mjs";
import { outages } from "./outages.mjs";
import { Server, demoFiles } from "./server.mjs";
import { tools } from "./tools.mjs";
import { touch } from "./touch.mjs";
import { unfit } from "./unfit.mjs";

const begun = performance.now();
const files = demoFiles();
const server = await new Server().start();
const browser = await launch();
const page = await openPage(browser);
let last = page;
try {
  const exams = await journey(page, server, files);
  const [, open] = exams;
  await tools(page, server.url, open);
  await wrongDoors(browser, server);
  await plainAddress(page, server.url);
  await awkwardNames(browser, await page.context().storageState(), server.url, open);
  await touch(browser, await page.context().storageState(), server.url, open);
  await unfit(page, server.url, files[1]);
  await outages(page, server, open);
  await makeAccounts(page, server.url);
  await page.context().close();
  await server.stop({ keep: true });

  const shared = await new Server({ accounts: true, data: server.data }).start();
  try {
    last = await department(browser, shared.url, exams);
    await keyboard(last, shared.url, open);
    await signOff(last, shared.url);
  } finally {
    await shot(last, "98-last").catch(() => undefined);
    await shared.stop({ keep: true });
  }
  await step("the browser did not complain", async () => check(complaints.length === 0, complaints.join("; ")));
} catch (error) {
  await shot(page, "99-failure").catch(() => undefined);
  if (failures.length === 0) failures.push(String(error));
} finally {
  await browser.close();
  await server.stop();
}
const seconds = Math.round((performance.now() - begun) / 1000);
console.log(failures.length === 0 ? `all steps hold, in ${seconds} s` : `failed: ${failures.join(", ")}`);
process.exit(failures.length === 0 ? 0 : 1);
