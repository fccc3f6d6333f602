// What a reader does and sees in one page, by mouse and keys; and what the server says of it.
import { check } from "./check.mjs";

export const VESSELS = ["LM", "LAD", "LCX", "RCA"];

export class Reader {
  constructor(page) {
    this.page = page;
  }

  total() {
    return this.page.locator(".headline-score output").innerText();
  }

  whose() {
    return this.page.getByTestId("whose").innerText();
  }

  get label() {
    return this.page.locator(".pane-main .pane-label");
  }

  async goTo(url, exam) {
    await this.page.goto(`${url}/#/exams/${exam}`);
    await this.ready();
  }

  /** Until candidates and all slices are here. */
  async ready() {
    await this.page.locator(".headline-score output").waitFor();
    await this.page.locator(".loading-bar").waitFor({ state: "detached" });
  }

  json(path) {
    return this.page.evaluate(async (at) => (await fetch(`/api/v1${at}`)).json(), path);
  }

  review(exam) {
    return this.json(`/exams/${exam}/review`);
  }

  log(exam) {
    return this.json(`/exams/${exam}/review/events`);
  }

  /** Posts as the screen would, from outside of it; the status. */
  post(path, body) {
    return this.page.evaluate(
      async ([at, json]) => {
        const { csrf_token } = await (await fetch("/api/v1/session")).json();
        const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf_token };
        return (await fetch(`/api/v1${at}`, { method: "POST", headers, body: JSON.stringify(json) })).status;
      },
      [path, body],
    );
  }

  /** Candidates in the arteries, the highest score first. */
  async coronary(exam) {
    const { candidates } = await this.review(exam);
    return candidates.filter((one) => VESSELS.includes(one.site)).sort((a, b) => b.agatston - a.agatston);
  }

  /** Heights in mm of what was proposed for each artery, from below. */
  async heights(exam) {
    const [step] = (await this.json(`/exams/${exam}/scan`)).spacing_mm;
    const { candidates } = await this.review(exam);
    const of = (vessel) => candidates.filter((one) => one.proposed_site === vessel);
    const sorted = (vessel) => of(vessel).map((one) => one.centroid[0] * step).sort((a, b) => a - b);
    return { step, mm: Object.fromEntries(VESSELS.map((vessel) => [vessel, sorted(vessel)])) };
  }

  /** How much higher (mm) the calcium of the arteries lies in another exam: the middle one of all that are in both. */
  async rise(exam, other) {
    const [here, there] = [await this.heights(exam), await this.heights(other)];
    const alike = VESSELS.filter((vessel) => here.mm[vessel].length === there.mm[vessel].length);
    const all = alike.flatMap((vessel) => here.mm[vessel].map((mm, i) => there.mm[vessel][i] - mm)).sort((a, b) => a - b);
    check(all.length > 2, "the two exams have too little calcium in common");
    return { mm: all[Math.floor(all.length / 2)], here: here.step, there: there.step };
  }

  async siteOf(exam, candidate) {
    return (await this.review(exam)).candidates.find((one) => one.id === candidate)?.site ?? null;
  }

  /** Until the server's review has this number; asked from here, as the page's waiting takes any promise for a yes. */
  async sequenceIs(exam, wanted) {
    let { sequence } = await this.review(exam);
    for (let tries = 0; tries < 150 && sequence !== wanted; tries++) {
      await this.page.waitForTimeout(100);
      ({ sequence } = await this.review(exam));
    }
    check(sequence === wanted, `the review is at event ${sequence}, not at ${wanted}`);
  }

  /** A voxel of a candidate in the slice where it has most, and the span of its pixels there. */
  placeOf(exam, candidate) {
    return this.page.evaluate(
      async ([id, wanted]) => {
        const info = await (await fetch(`/api/v1/exams/${id}/scan`)).json();
        const [, ny, nx] = info.shape;
        const view = new DataView(await (await fetch(`/api/v1/exams/${id}/review/labels`)).arrayBuffer());
        const n = view.getUint32(0, true);
        const slices = new Map();
        for (let i = 0; i < n; i++) {
          if (view.getUint32(4 + 4 * n + 4 * i, true) !== wanted) continue;
          const voxel = view.getUint32(4 + 4 * i, true);
          const z = Math.floor(voxel / (ny * nx));
          const list = slices.get(z) ?? [];
          list.push([Math.floor(voxel / nx) % ny, voxel % nx]);
          slices.set(z, list);
        }
        const [z, pixels] = [...slices].sort((a, b) => b[1].length - a[1].length)[0];
        const mean = pixels.reduce((sum, [y, x]) => [sum[0] + y / pixels.length, sum[1] + x / pixels.length], [0, 0]);
        const away = ([y, x]) => Math.hypot(y - mean[0], x - mean[1]);
        const near = [...pixels].sort((a, b) => away(a) - away(b))[0];
        const ys = pixels.map(([y]) => y);
        const xs = pixels.map(([, x]) => x);
        const span = { top: Math.min(...ys), bottom: Math.max(...ys), left: Math.min(...xs), right: Math.max(...xs) };
        return { z, y: near[0], x: near[1], count: pixels.length, ...span };
      },
      [exam, candidate],
    );
  }

  async slice() {
    return Number(/slice (\d+)/.exec(await this.label.innerText())[1]) - 1;
  }

  /** Goes to a slice by keys, as a reader would. */
  async toSlice(z) {
    for (let steps = z - (await this.slice()); steps !== 0; steps = z - (await this.slice())) {
      await this.page.keyboard.press(steps > 0 ? "ArrowUp" : "ArrowDown");
      await this.page.waitForTimeout(20);
    }
  }

  /** Where on the screen a place of the main pane's slice is. */
  screen(z, y, x) {
    return this.page.evaluate(([a, b, c]) => document.querySelector(".pane-main").corcalPane.screenOf(a, b, c), [z, y, x]);
  }

  async onScreen(at) {
    await this.toSlice(at.z);
    return this.screen(at.z, at.y, at.x);
  }

  /** Draws through places (y, x) of a slice with the first button down. */
  async draw(z, places, whileDown = async () => {}) {
    const points = [];
    for (const [y, x] of places) points.push(await this.screen(z, y, x));
    await this.page.mouse.move(points[0].x, points[0].y);
    await this.page.mouse.down();
    for (const point of points.slice(1)) await this.page.mouse.move(point.x, point.y, { steps: 4 });
    await whileDown();
    await this.page.mouse.up();
  }

  async clickOn(exam, candidate) {
    const at = await this.onScreen(await this.placeOf(exam, candidate));
    await this.page.mouse.move(at.x, at.y);
    await this.page.mouse.click(at.x, at.y);
  }

  /** Undoes until the review is as it was, by its key. */
  async undo(exam, times) {
    const { sequence } = await this.review(exam);
    for (let i = 1; i <= times; i++) {
      await this.page.keyboard.press("u");
      await this.sequenceIs(exam, sequence + i);
    }
  }

  async isAsBefore(exam, before) {
    const now = await this.review(exam);
    check(JSON.stringify(now.score) === JSON.stringify(before.score), "the score after undo is another");
    const places = (one) => JSON.stringify(one.candidates.map((each) => [each.id, each.site]).sort((a, b) => a[0] - b[0]));
    check(places(now) === places(before), "the candidates after undo are others");
  }
}
