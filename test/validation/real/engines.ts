import { compareEngines } from "../../oracle/differences.ts";
import type { Findings, Section } from "./Section.ts";

const ENGINES = 1000;

const run = (): Findings => {
  const seen = { differing: 0, steps: 0, phases: 0, preemptions: 0 };
  for (let i = 0; i < ENGINES; i++) {
    const one = compareEngines(500_001 + i, i % 2 === 1);
    if (one.difference !== undefined) seen.differing++;
    seen.steps += one.steps;
    seen.phases += one.phases;
    seen.preemptions += one.preemptions;
  }
  return {
    method: [
      "Random engines and loads (chunked prefill, prefix cache, preemption, cancels, deaths, slowdowns) run twice: step by step by an independent, simple engine, and by the leaping one. Every time and count that an outsider sees must be equal, bit for bit.",
    ],
    tables: [
      {
        title: "Step by step against leap",
        reference: "step by step",
        ours: "leap",
        rows: [
          {
            quantity: "engines that differ in any bit",
            reference: 0,
            simulated: seen.differing,
            error: seen.differing,
            errorUnit: "engines",
            target: 0,
          },
          { quantity: "engines compared", reference: ENGINES, simulated: ENGINES },
          { quantity: "steps, and phases taken in one leap each", reference: seen.steps, simulated: seen.phases },
          { quantity: "preemptions", reference: seen.preemptions, simulated: "equal where no engine differs" },
        ],
      },
    ],
    remarks: [],
  };
};

export const engines: Section = { name: "engines", title: "The leaping engine against a step-by-step one", needs: [], run };
