// The real server with an empty store on a free port, and the simulated patient that it is given.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
const CORCAL = process.env.CORCAL ?? join(ROOT, ".venv/bin/corcal");
const START_MS = 60_000;

export const corcal = () => CORCAL;
export const python = () => CORCAL.replace(/corcal$/, "python");
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** DICOM files of the two exams; made by `corcal demo` unless CORCAL_DEMO names a folder of it. */
export function demoFiles() {
  const known = process.env.CORCAL_DEMO ?? join(ROOT, "demo");
  const made = existsSync(join(known, "exam-2/dicom")) ? known : freshDemo();
  return [1, 2].map((number) => {
    const folder = join(made, `exam-${number}/dicom`);
    return readdirSync(folder).map((name) => join(folder, name));
  });
}

function freshDemo() {
  const folder = mkdtempSync(join(tmpdir(), "corcal-demo-"));
  const made = spawnSync(CORCAL, ["demo", "--out", folder], { stdio: "inherit" });
  if (made.status !== 0) throw new Error("corcal demo failed");
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function freePort() {
  return new Promise((give) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => give(port));
    });
  });
}

/** The variants of an exam that `variants.py` makes, as lists of files. */
export function variantFiles(dicom, names) {
  const folder = mkdtempSync(join(tmpdir(), "corcal-variants-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const made = spawnSync(python(), [join(import.meta.dirname, "variants.py"), dicom, folder, ...names]);
  if (made.status !== 0) throw new Error(`variants.py failed: ${made.stderr}`);
  return Object.fromEntries(
    names.map((name) => [name, readdirSync(join(folder, name)).map((file) => join(folder, name, file))]),
  );
}

/** A server that can be killed and started again at the same port with the same data. */
export class Server {
  #child = null;
  #isEnding = false;
  #options;

  constructor({ accounts = false, data = null, workers = 1 } = {}) {
    this.data = data ?? mkdtempSync(join(tmpdir(), "corcal-e2e-"));
    this.#options = ["--workers", String(workers), ...(accounts ? ["--accounts"] : [])];
  }

  async start() {
    this.port = await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    this.link = await this.#run();
    return this;
  }

  /** Starts it again; sessions of before go on. */
  async again() {
    await this.#run();
  }

  async #run() {
    this.#isEnding = false;
    const command = ["serve", "--port", String(this.port), "--no-browser", "--data", this.data, ...this.#options];
    const child = spawn(CORCAL, command, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let said = "";
    return new Promise((give, refuse) => {
      const late = setTimeout(() => refuse(new Error(`the server did not start: ${said}`)), START_MS);
      const hear = (chunk) => {
        said += chunk;
        if (!said.includes("serving at port")) return;
        clearTimeout(late);
        give(/http:\/\/\S+\/start\/\S+/.exec(said)?.[0] ?? null);
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.on("exit", (code, signal) => {
        if (!this.#isEnding) console.log(`the server ended by itself with ${code ?? signal}: ${said.slice(-2000)}`);
        refuse(new Error(`the server ended with ${code ?? signal}: ${said}`));
      });
    });
  }

  /** As the machine would when it fails: no warning, nothing is put away. */
  async kill() {
    await this.#end("SIGKILL");
  }

  async stop({ keep = false } = {}) {
    await this.#end("SIGTERM");
    if (!keep) rmSync(this.data, { recursive: true, force: true });
  }

  async #end(how) {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    this.#isEnding = true;
    const gone = new Promise((give) => child.on("exit", give));
    child.kill(how);
    await gone;
  }
}
