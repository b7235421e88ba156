import type { Engine as EngineUnderTest } from "../../src/serving/engine/Engine.ts";
import type { ReplicaOptions } from "../../src/serving/engine/Replica.ts";
import { runLeap } from "./leapEngine.ts";
import type { EngineTrace } from "./NaiveEngine.ts";
import { NaiveEngine } from "./NaiveEngine.ts";
import { randomEngine } from "./randomEngine.ts";

export interface Comparison {
  readonly seed: number;
  /** The first observable that differs; undefined when all are equal, bit for bit. */
  readonly difference: string | undefined;
  readonly steps: number;
  readonly phases: number;
  readonly preemptions: number;
}

const FIELDS = ["end", "firstTokenMs", "endMs", "generated", "cachedTokens", "order", "preemptions"] as const;

/** Runs stepper and leap on one random case and compares everything that an outsider can see, with ===. */
export const compareEngines = (seed: number, coarse: boolean, Engine?: new (options: ReplicaOptions) => EngineUnderTest): Comparison => {
  const engine = randomEngine({ seed, coarse, requests: 30 + (seed % 50) });
  const stepped = new NaiveEngine(engine.spec, engine.stepTimeOf, engine.requests).run(engine.inputs);
  const leapt = runLeap(engine.spec, engine.grid, engine.requests, engine.inputs, Engine);
  return {
    seed,
    difference: FIELDS.find((field) => !same(stepped, leapt, field)),
    steps: stepped.steps,
    phases: leapt.phases,
    preemptions: stepped.preemptions,
  };
};

const same = (x: EngineTrace, y: EngineTrace, field: (typeof FIELDS)[number]): boolean => {
  const [a, b] = [x[field], y[field]];
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.length === b.length && [...a].every((value: unknown, i) => value === b[i]);
};
