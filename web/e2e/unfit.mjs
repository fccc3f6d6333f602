// A scan that cannot be scored: why is said wherever it stands; its images are shown where there are any.
import { dirname } from "node:path";

import { accessible, check, shot, step } from "./check.mjs";
import { variantFiles } from "./server.mjs";

export async function unfit(page, url, dicom) {
  await step("an unfit exam says why", async () => {
    const { unfit: files } = variantFiles(dirname(dicom[0]), ["unfit"]);
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.goto(`${url}/#/exams`);
    await page.getByLabel("Files to upload").setInputFiles(files);
    await page.locator(".state-unfit").waitFor({ timeout: 60_000 });
    const words = await page.locator(".reason").first().innerText();
    check(words.includes("missing"), `the worklist says: ${words}`);
    await page.locator(".worklist tr", { has: page.locator(".state-unfit") }).getByRole("link").click();
    await page.getByText("5 slices are missing").first().waitFor();
    const isShown = (await page.locator(".pane-main").count()) > 0;
    if (isShown) await page.locator(".loading-bar").waitFor({ state: "detached" });
    check((await page.getByRole("button", { name: "Sign…" }).count()) === 0, "an unfit exam can be signed");
    await shot(page, "28-unfit");
    await accessible(page, "unfit exam");
    return isShown ? "its images are shown" : "it has no images to show";
  });
}
