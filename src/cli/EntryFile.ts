import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Loading the scenario file again must not start it again. */
const STARTED = Symbol.for("spillway/cli/started");

/**
 * `main(import.meta)` at the end of a scenario file: when the file is what Node (or tsx) was started with, it is run as by
 * `spillway run FILE` with the remaining arguments. When another file imports it, nothing happens.
 */
export const main = (meta: { readonly url: string }): void => {
  const state = globalThis as { [STARTED]?: true };
  const entry = process.argv[1];
  if (state[STARTED] || entry === undefined || !meta.url.startsWith("file:")) return;
  const file = fileURLToPath(meta.url);
  if (realpathSync(entry) !== realpathSync(file)) return;
  state[STARTED] = true;
  void import("./CommandLine.ts").then(({ runSpillway }) => runSpillway(["run", file, ...process.argv.slice(2)]));
};
