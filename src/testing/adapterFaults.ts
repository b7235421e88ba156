const FAMILIES: ReadonlyMap<unknown, ReadonlyArray<string>> = new Map([
  ["limiter", ["behavior", "features"]],
  ["breaker", ["features"]],
  ["cache", ["features"]],
  ["retry", []],
  ["retryBudget", []],
  ["hedge", []],
  ["tokenBudget", []],
  ["concurrency", []],
]);

const EXAMPLES: { readonly [field: string]: string } = {
  name: `"mine"`,
  laboratory: `{ answering: "sync" }`,
  behavior: `"refuses"`,
  features: "{}",
  spec: "{ limit: 2, windowMs: 1000, ... }",
  make: "(settings, laboratory) => ({ ... })",
};

/** What keeps a value from being an adapter; undefined for one that was never meant to be one. */
export const adapterFaults = (value: unknown): ReadonlyArray<string> | undefined => {
  if (typeof value !== "object" || value === null || !("family" in value)) return undefined;
  const own = FAMILIES.get(value.family);
  if (own === undefined) return [`family is ${JSON.stringify(value.family)}; there are ${[...FAMILIES.keys()].join(", ")}`];
  const fields = value as { readonly [field: string]: unknown };
  const missing = ["name", "laboratory", ...own, "spec", "make"].filter((field) => fields[field] === undefined);
  const faults = missing.map((field) => `${field} is missing, as ${EXAMPLES[field]}`);
  if (fields["make"] !== undefined && typeof fields["make"] !== "function") faults.push("make is no function");
  if (own.includes("behavior") && fields["behavior"] !== undefined && !BEHAVIORS.has(fields["behavior"]))
    faults.push(`behavior is ${JSON.stringify(fields["behavior"])}; there are ${[...BEHAVIORS].join(", ")}`);
  return faults;
};

const BEHAVIORS: ReadonlySet<unknown> = new Set(["refuses", "waits", "bulkhead"]);
