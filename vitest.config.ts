import { defineConfig } from "vitest/config";

// Loaded machines are slow; no test waits for time.
const PATIENCE_MS = process.env["SPILLWAY_LONG"] === undefined ? 60_000 : 600_000;

export default defineConfig({
  test: {
    // Of two cores Vitest would leave one to itself.
    maxWorkers: "100%",
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    globalSetup: "test/propertyRuns.ts",
    setupFiles: "test/useProperties.ts",
  },
});
