#!/usr/bin/env node
// Plain JavaScript, because it may be started by a Node that cannot read TypeScript: it hands over to the one the project brings.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = new URL("./main.ts", import.meta.url);
if (Number(process.versions.node.split(".")[0]) >= 24) await import(main.href);
else {
  const node = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));
  const child = spawnSync(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: "inherit" });
  if (child.error) process.stderr.write(`spillway needs Node 24 or newer: run npm ci first (${child.error.message})\n`);
  process.exitCode = child.status ?? 107;
}
