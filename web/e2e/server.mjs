// The real server with an empty store on a free port, and the simulated patient that it is given.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
const CORCAL = process.env.CORCAL ?? join(ROOT, ".venv/bin/corcal");
const START_MS = 60_000;

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

export async function startServer() {
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), "corcal-e2e-"));
  const child = spawn(CORCAL, ["serve", "--port", String(port), "--no-browser", "--data", data], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const link = await new Promise((give, refuse) => {
    const late = setTimeout(() => refuse(new Error(`the server did not start: ${said}`)), START_MS);
    const hear = (chunk) => {
      said += chunk;
      const found = /http:\/\/\S+\/start\/\S+/.exec(said);
      if (!found || !said.includes("serving at port")) return;
      clearTimeout(late);
      give(found[0]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => refuse(new Error(`the server ended with ${code}: ${said}`)));
  });
  const stop = async () => {
    const gone = new Promise((give) => child.on("exit", give));
    child.kill("SIGTERM");
    await gone;
    rmSync(data, { recursive: true, force: true });
  };
  return { url: `http://127.0.0.1:${port}`, link, stop, said: () => said };
}
