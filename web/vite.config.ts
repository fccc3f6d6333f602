import { defineConfig } from "vitest/config";

// The screen is built into the Python package, which serves it: see `make web`.
export default defineConfig({
  base: "/",
  resolve: {
    alias: {
      // vtk.js can write XML files with it, for which it wants modules of Node; nothing here does
      xmlbuilder2: new URL("src/viewer/no_xml.ts", import.meta.url).pathname,
    },
  },
  build: {
    outDir: "../src/corcal/serve/static",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0, // a strict content policy allows no inline code; files are cached by hash
    chunkSizeWarningLimit: 4000,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8765", "/start": "http://127.0.0.1:8765" } },
  test: { include: ["unit/**/*.test.ts"], environment: "node" },
});
