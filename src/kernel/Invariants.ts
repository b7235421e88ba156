/** One law that every run obeys; a broken one is a defect of the simulator, never of the scenario. */
export interface Invariant {
  readonly number: number;
  readonly name: string;
  readonly statement: string;
}

/** The numbered invariants, always on. Numbers are stable: reports and tests refer to them. */
export const INVARIANTS: ReadonlyArray<Invariant> = [
  {
    number: 1,
    name: "conservation of requests",
    statement: "requests in = requests with an outcome + requests inside",
  },
  {
    number: 2,
    name: "monotone time",
    statement: "no event is scheduled or handled before the present",
  },
  {
    number: 3,
    name: "causality",
    statement: "no effect precedes its cause: arrival <= start <= first token <= end",
  },
  {
    number: 4,
    name: "KV blocks",
    statement: "free blocks + used blocks = all blocks of a replica",
  },
  { number: 5, name: "permits", statement: "0 <= permits in use <= permits of the limiter" },
  {
    number: 6,
    name: "Little's law",
    statement: "integral of the number inside = sum of the times spent inside",
  },
  { number: 7, name: "slots", statement: "a slot is given back exactly once after each take" },
];

/** A broken invariant: stops the run. `number` is the key of {@link INVARIANTS}. */
export class InvariantBroken extends Error {
  declare readonly number: number;
  declare readonly nowMs: number;

  constructor(number: number, nowMs: number, detail: string) {
    const name = INVARIANTS.find((entry) => entry.number === number)?.name ?? "unknown";
    super(`invariant ${number} (${name}) broken at ${nowMs} ms: ${detail}`);
    this.name = "InvariantBroken";
    this.number = number;
    this.nowMs = nowMs;
  }
}

/**
 * Throws {@link InvariantBroken} unless the condition holds. A hot caller tests the condition itself first, so that no
 * closure for the detail is made per event.
 */
export const ensure = (number: number, condition: boolean, nowMs: number, detail: () => string): void => {
  if (!condition) throw new InvariantBroken(number, nowMs, detail());
};
