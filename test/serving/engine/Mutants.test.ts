import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

/** Deliberate mistakes in the leap: the fuzz against the stepper must notice each. */
const MUTANTS: ReadonlyArray<readonly [title: string, file: string, from: string, to: string]> = [
  [
    "an admissible arrival does not end the phase",
    "Replica",
    "this.truncate(true);\n    return true;",
    "this.truncate(true && false);\n    return true;",
  ],
  ["an arrival ends the phase one step late", "Progression", "return steps;", "return Math.min(steps + 1, maxSteps);"],
  ["k(k+1)/2 for k(k-1)/2", "Progression", "(steps * (steps - 1)) / 2", "(steps * (steps + 1)) / 2"],
  ["boundary > instead of >= at a tie", "Progression", "inclusive ? boundaryMs >= delayMs", "inclusive ? boundaryMs > delayMs"],
  ["the full-budget run is one step too long", "Replica", "Math.floor(left / chunk)", "Math.floor(left / chunk) + 1"],
  [
    "the full-budget run ignores the next completion",
    "Replica",
    "const bound = Math.min(this.finishing.nextStep - this.step, Math.floor(left / chunk));",
    "const bound = Math.floor(left / chunk);",
  ],
  ["blocks do not bound the phase", "Replica", "if (free < 0) break;\n      steps++;", "steps++;"],
  ["the block bound is one step late", "Replica", "return Math.max(1, steps);", "return Math.min(bound, steps + 1);"],
  [
    "the residue is off by one",
    "Replica",
    "const residue = ((this.step + ahead) | 0) % size;",
    "const residue = ((this.step + ahead + 1) | 0) % size;",
  ],
  ["the oldest is preempted", "Replica", "this.preempt(this.running.last);", "this.preempt(this.running.first);"],
  ["the preempted one queues at the back", "Replica", "this.waiting.pushFront(slot);", "this.waiting.pushBack(slot);"],
  ["after a preemption the phase is leapt on", "Replica", "if (!preempted && (this.blockedHead", "if ((this.blockedHead"],
  [
    "a cancellation ends the phase one step early at a tie",
    "Replica",
    "if (this.busy && !this.scheduling) this.truncate(false);\n  }",
    "if (this.busy && !this.scheduling) this.truncate(true);\n  }",
  ],
  [
    "the phase goes on where the GPU becomes slower than the host",
    "Replica",
    "      this.phaseSteps = steps;\n    }\n    this.idleFirstMs",
    "    }\n    this.idleFirstMs",
  ],
  [
    "tails are not evicted before heads",
    "CachedBlocks",
    "for (let i = made.size - 1; i >= 0; i--) this.dereference",
    "for (let i = 0; i < made.size; i++) this.dereference",
  ],
];

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "spillway-mutants-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(MUTANTS)(
  "mutant: %s -> the fuzz notices",
  (title, file, from, to) => {
    const copy = join(folder, title.replaceAll(/\W/g, "-"));
    for (const part of ["kernel", "serving"]) cpSync(join(root, "src", part), join(copy, part), { recursive: true });
    const path = join(copy, `serving/engine/${file}.ts`);
    const source = readFileSync(path, "utf8");
    expect(source.split(from).length, "the mutated place exists once").toBe(2);
    writeFileSync(
      path,
      source.replace(from, () => to),
    );
    writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
    const run = spawnSync(process.execPath, [join(root, "test/oracle/fuzzMutant.ts"), join(copy, "serving/engine/Replica.ts"), "1500"], {
      encoding: "utf8",
      timeout: 5_000,
    });
    // A mutant that never ends is noticed as well.
    const noticed = run.error === undefined ? Number(run.stdout) : 1;
    expect(run.status === 0 || run.error !== undefined, run.stderr).toBe(true);
    expect(noticed).toBeGreaterThan(0);
  },
  30_000,
);
