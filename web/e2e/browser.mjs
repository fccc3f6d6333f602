// The browser of all runs, and what it complained about.
import { chromium } from "playwright-core";

import { CHROMIUM } from "./server.mjs";

export const complaints = [];

/** Answers that the runs provoke; anything else that the browser says is a failure. */
const PROVOKED = /status of (401|403|404|409|423)|ERR_CONNECTION|ERR_FAILED|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|net::ERR_/;

export function launch() {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
  });
}

export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, acceptDownloads: true, ...options });
  return newPage(context);
}

export async function newPage(context) {
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !PROVOKED.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return page;
}
