import { PolicyUnusable } from "./PolicyUnusable.ts";

/** What a number must be. */
interface Answer {
  readonly least: number;
  readonly most?: number;
  readonly whole: boolean;
  /** Infinity is an answer too: never. */
  readonly endless?: boolean;
}

/** What a policy must have: methods, and numbers that it holds or answers. */
interface Contract {
  readonly methods: ReadonlyArray<string>;
  readonly numbers: { readonly [name: string]: Answer };
}

const COUNT: Answer = { least: 0, whole: true };
const DURATION: Answer = { least: 0, whole: false };
/** The numbers of `Verdict`. */
const VERDICT: Answer = { least: 0, most: 6, whole: true };

const CONTRACTS = {
  limiter: { methods: ["open", "waitMs", "take"], numbers: { waitMs: { ...DURATION, endless: true } } },
  breaker: {
    methods: ["admit", "settle"],
    numbers: { admit: { least: -1, whole: true }, retryAfterMs: DURATION, rejected: COUNT },
  },
  retryBudget: { methods: ["requested", "take", "ended", "finished"], numbers: {} },
  shedder: {
    methods: ["arrive", "enter", "newestFirst", "start", "withdraw", "answered"],
    numbers: { arrive: VERDICT, enter: VERDICT, start: VERDICT },
  },
  adaptiveLimit: { methods: ["sample"], numbers: { limit: { least: 1, whole: true } } },
  eviction: { methods: ["add", "hit", "victim", "remove"], numbers: { victim: COUNT } },
  autoscaler: { methods: ["decide"], numbers: { decide: COUNT } },
} satisfies { readonly [name: string]: Contract };

export type PolicyName = keyof typeof CONTRACTS;

/** The policies that can be replaced. */
export const POLICY_NAMES = Object.keys(CONTRACTS) as ReadonlyArray<PolicyName>;

/** A policy behind a watch over its numbers. Throws PolicyUnusable: at once for what it lacks, later for an answer that is none. */
export const checkedPolicy = (name: PolicyName, made: unknown): object => {
  if (typeof made !== "object" || made === null) throw unusable(name, `the factory must give an object, it gave ${String(made)}`);
  const { methods, numbers }: Contract = CONTRACTS[name];
  const missing = methods.filter((method) => typeof Reflect.get(made, method) !== "function");
  if (missing.length > 0) throw unusable(name, `it lacks the method ${missing.join(", ")}`);
  for (const [key, must] of Object.entries(numbers)) if (!methods.includes(key)) check(name, key, must, Reflect.get(made, key));
  return watched(name, made, numbers);
};

/** A fault of the policy with this name. */
export const unusable = (name: PolicyName, what: string): PolicyUnusable => new PolicyUnusable({ message: `ownPolicies ${name}: ${what}` });

/** Methods run on the policy itself, so that its private fields are its own; the shell leaves it as it is, frozen or not. */
const watched = (name: PolicyName, made: object, numbers: Contract["numbers"]): object => {
  const calls = new Map<PropertyKey, unknown>();
  return new Proxy(Object.create(Object.getPrototypeOf(made) as object | null) as object, {
    has: (_, key) => Reflect.has(made, key),
    set: (_, key, value) => Reflect.set(made, key, value),
    get: (_, key) => {
      const known = calls.get(key);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(made, key);
      const must = typeof key === "string" ? numbers[key] : undefined;
      if (typeof value !== "function") return must === undefined ? value : check(name, String(key), must, value);
      const call = value.bind(made) as (...args: ReadonlyArray<unknown>) => unknown;
      const checked = must === undefined ? call : (...args: ReadonlyArray<unknown>) => check(name, String(key), must, call(...args));
      calls.set(key, checked);
      return checked;
    },
  });
};

const check = (name: PolicyName, key: string, must: Answer, value: unknown): unknown => {
  const { least, most = Number.MAX_VALUE, whole, endless = false } = must;
  if (typeof value === "number" && value >= least && (value <= most || endless) && (!whole || Number.isInteger(value))) return value;
  const range = must.most === undefined ? `of at least ${least}` : `in ${least}..${must.most}`;
  const kind = whole ? "whole number" : endless ? "number" : "finite number";
  throw unusable(name, `${key} must be a ${kind} ${range} (${String(value)})`);
};
