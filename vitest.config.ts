import { defineConfig } from "vitest/config";

// Loaded machines are slow; no test waits for time.
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 60_000 } });
