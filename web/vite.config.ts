import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { defineConfig } from "vitest/config";

const ROOT = import.meta.dirname;
const OUT = join(ROOT, "../src/corcal/serve/static");

/** Files that the bundle is made of. tests/web/test_bundle.py has the same list. */
function sources(): string[] {
  const inside = ["public", "src"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1)),
  );
  return [...inside, "index.html", "package-lock.json", "tsconfig.json", "vite.config.ts"].sort();
}

/** Writes beside the bundle what it was made of, so that a test can tell an old one without Node. */
const told = {
  name: "told",
  writeBundle(): void {
    const all = createHash("sha256");
    for (const name of sources()) {
      all.update(`${name}\0`);
      all.update(createHash("sha256").update(readFileSync(join(ROOT, name))).digest());
    }
    writeFileSync(join(OUT, "sources.sha256"), `${all.digest("hex")}\n`);
  },
};

// The screen is built into the Python package, which serves it: see `make web`.
export default defineConfig({
  base: "/",
  plugins: [told],
  resolve: {
    alias: {
      // vtk.js can write XML files with it, for which it wants modules of Node; nothing here does
      xmlbuilder2: new URL("src/viewer/no_xml.ts", import.meta.url).pathname,
    },
  },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0, // a strict content policy allows no inline code; files are cached by hash
    chunkSizeWarningLimit: 4000,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8765", "/start": "http://127.0.0.1:8765" } },
  test: { include: ["unit/**/*.test.ts"], environment: "node" },
});
