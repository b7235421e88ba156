#!/usr/bin/env node
// Plain JavaScript, because it may be started by a Node that cannot read TypeScript: it hands over to the one the project brings.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

if (Number(process.versions.node.split(".")[0]) >= 24) {
  // Node strips no types of installed packages.
  if (import.meta.url.includes("/node_modules/")) (await import("tsx/esm/api")).register();
  await import("./main.ts");
} else {
  // In the project itself, or beside it where it is installed.
  const node = [here("../../node_modules/.bin/node"), here("../../../.bin/node")].find(existsSync);
  const child = node && spawnSync(node, [here("bin.js"), ...process.argv.slice(2)], { stdio: "inherit" });
  if (!child || child.error) process.stderr.write("spillway needs Node 24 or newer: run npm ci first\n");
  process.exitCode = child?.status ?? 107;
}
