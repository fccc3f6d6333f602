// Small helpers of the end-to-end run: steps with times, facts, screenshots, accessibility.
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// they stay there after a run, to be looked at or kept; CORCAL_SCREENS names another folder
const SCREENS = process.env.CORCAL_SCREENS ?? join(import.meta.dirname, "screens");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

mkdirSync(SCREENS, { recursive: true });

export const failures = [];

export async function step(name, work) {
  const begun = performance.now();
  try {
    const said = await work();
    console.log(`ok    ${name} (${Math.round(performance.now() - begun)} ms)${said ? `: ${said}` : ""}`);
  } catch (error) {
    failures.push(name);
    console.log(`FAIL  ${name}: ${error instanceof Error ? error.message : error}`);
    throw error;
  }
}

export function check(fact, words) {
  if (!fact) throw new Error(words);
}

export async function shot(page, name) {
  await page.screenshot({ path: join(SCREENS, `${name}.png`) });
}

/** Fails on any violation of WCAG 2.1 A and AA that axe finds. */
export async function accessible(page, name) {
  const isThere = await page.evaluate(() => "axe" in window);
  // the page's own policy forbids inline scripts; the debugger's evaluation is not bound by it
  if (!isThere) await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }),
  );
  const words = found.violations.map(
    (one) => `${one.id} (${one.impact}): ${one.nodes.map((node) => node.target.join(" ")).slice(0, 4).join(", ")}`,
  );
  check(words.length === 0, `axe on ${name}: ${words.join("; ")}`);
}
