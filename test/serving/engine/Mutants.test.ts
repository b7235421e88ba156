import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

type Mutant = readonly [title: string, file: string, from: string, to: string];

/** Deliberate mistakes in the leap: the fuzz against the oracle must notice each. */
const LEAP: ReadonlyArray<Mutant> = [
  ["an admissible arrival does not end the phase", "Replica", "this.truncate();\n    return true;", "return true;\n    return true;"],
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
    "return this.residues[this.residueOf(-this.step - ahead)]!;",
    "return this.residues[this.residueOf(-this.step - ahead - 1)]!;",
  ],
  ["the oldest is preempted", "Replica", "this.preempt(this.running.last);", "this.preempt(this.running.first);"],
  ["the preempted one queues at the back", "Replica", "this.waiting.pushFront(slot);", "this.waiting.pushBack(slot);"],
  ["after a preemption the phase is leapt on", "Replica", "if (!preempted && (this.blockedHead", "if ((this.blockedHead"],
  ["a cancellation ends the phase one step early at a tie", "Replica", "inclusive: !this.timer.passed", "inclusive: true"],
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
  ["a strand goes though a child needs it", "StrandExtents", " && strands.get(strand, CHILDREN) === 0", ""],
  ["what follows in a prompt is no child", "StrandPath", "nameTokens, this.reached);", "nameTokens, NONE);"],
  ["caches are not wiped", "Replica", "this.blocks.forgetUnused?.();", ""],
];

/** And in the stepped engine, where a law may notice what the oracle does not do. */
const STEPPED: ReadonlyArray<Mutant> = [
  ["the budget is off by one", "Scheduler", "let budget = settings.maxBatchedTokens;", "let budget = settings.maxBatchedTokens + 1;"],
  [
    "running sequences do not use up the budget",
    "ContinuousScheduler",
    "this.admitWaiting(batch, growth.budget);",
    "this.admitWaiting(batch, rank.settings.maxBatchedTokens);",
  ],
  [
    "the first admitted is preempted",
    "Rank",
    "for (let i = this.running.size - 1; i >= 0; i--) {",
    "for (let i = 0; i < this.running.size; i++) {",
  ],
  [
    "a canceled sequence keeps its blocks",
    "Rank",
    "if (loading) this.loading--;\n    this.release(slot,",
    "if (loading) this.loading--;\n    void (slot,",
  ],
  [
    "KV on its way is a hit",
    "KvMemory",
    "blocks.admit(slot >> SLOT_BITS, this.content(slot), hitBlocks, hitTokens);\n    blocks.takeForDecode(need - hitBlocks);",
    "blocks.admit(slot >> SLOT_BITS, this.content(slot), hitBlocks, tokens);",
  ],
  ["a load needs only the room of a chunk", "Rank", "hostTokens > 0 ? present + hostTokens : present + chunk", "present + chunk"],
  [
    "somebody is admitted in spite of a preemption",
    "ContinuousScheduler",
    "if (growth.strained) rank.blockedHead = -1;\n    else if (rank",
    "if (growth.strained) rank.blockedHead = -1;\n    if (rank",
  ],
  ["a preempted sequence queues at the back", "WaitingLine", "this.pushFront(slot);", "this.pushBack(slot);"],
  [
    "a blocked head is not looked at when blocks come back",
    "Rank",
    "release(slot, tokens);\n    this.blockedHead = NONE;",
    "release(slot, tokens);",
  ],
  [
    "a static batch answers though its first sequence goes on",
    "StaticScheduler",
    "for (let i = 0; i < running.size; i++) if (columns",
    "for (let i = 1; i < running.size; i++) if (columns",
  ],
  ["the most urgent is preempted", "Rank", "priority < worstPriority ||", "(priority > worstPriority && worst !== NONE) ||"],
  ["KV that is on its way counts as there", "Rank", "|| ready[slot]! > this.kernel.now) continue;", ") continue;"],
  ["ranks do not wait for the slowest", "SteppedReplica", "if (ms > stepMs) stepMs = ms;", "stepMs = ms;"],
  [
    "the experts of all ranks get as many rows as of this one",
    "StepClock",
    "    load.rankRows = rankRows;",
    "    load.rankRows = load.rows + load.prefillTokens;",
  ],
  ["the row of an idle rank meets no expert", "SteppedReplica", "rows += DUMMY_ROWS;", ""],
  ["drafts go past the end of the answer", "Rank", "fresh = taken < left ? taken + 1 : left;", "fresh = taken + 1;"],
  ["a step in the pipeline may be planned twice", "Scheduler", "if (hold[slot] !== Hold.None) {", "if (hold[slot] > Hold.InStep) {"],
];

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "spillway-mutants-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of engine and oracle that can be changed. */
const copyOf = (title: string): string => {
  const copy = join(folder, title.replaceAll(/\W/g, "-"));
  for (const part of ["src/kernel", "src/serving", "test/oracle"]) cpSync(join(root, part), join(copy, part), { recursive: true });
  writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
  return copy;
};

/** What the fuzz notices of a copy; nothing if all is well. */
const noticedOf = (copy: string, engine: "leap" | "stepped", cases: number): string => {
  const run = spawnSync(process.execPath, [join(copy, "test/oracle/fuzzMutant.ts"), engine, String(cases)], { encoding: "utf8" });
  expect(run.status, run.stderr).toBe(0);
  return run.stdout.trim();
};

const mutate = (copy: string, file: string, from: string, to: string): void => {
  const path = join(copy, `src/serving/engine/${file}.ts`);
  const source = readFileSync(path, "utf8");
  expect(source.split(from).length, "the mutated place exists once").toBe(2);
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
};

test.each(["leap", "stepped"] as const)(
  "no mutant: %s -> the fuzz notices nothing",
  (engine) => {
    expect(noticedOf(copyOf(engine), engine, 200)).toBe("");
  },
  30_000,
);

test.each(LEAP)(
  "mutant of the leap: %s -> the fuzz notices",
  (title, file, from, to) => {
    const copy = copyOf(title);
    mutate(copy, file, from, to);
    expect(noticedOf(copy, "leap", 1500)).not.toBe("");
  },
  60_000,
);

test.each(STEPPED)(
  "mutant of the stepped engine: %s -> the fuzz or a law notices",
  (title, file, from, to) => {
    const copy = copyOf(title);
    mutate(copy, `stepped/${file}`, from, to);
    expect(noticedOf(copy, "stepped", 1500)).not.toBe("");
  },
  60_000,
);
