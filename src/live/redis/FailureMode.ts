import { StoreFault } from "./StoreGuard.ts";

/** What is decided when the store gives no answer in time. */
export type FailureMode =
  /** Admits everything. */
  | { readonly kind: "open" }
  /** Refuses everything, with this hint. */
  | { readonly kind: "closed"; readonly retryAfterMs: number }
  /** Each process decides for itself, for at most `maxKeys` keys; further keys are refused until one is idle. */
  | { readonly kind: "local"; readonly maxKeys: number };

/** For limits: each process grants `shareRatio` of them, in (0, 1], and a capacity of at least one permit. */
export type LimitFailureMode = Exclude<FailureMode, { readonly kind: "local" }> | (LocalShare & { readonly kind: "local" });

export interface LocalShare {
  readonly shareRatio: number;
  readonly maxKeys: number;
}

/** Who decided, and why it was not the store. */
export interface Decided {
  readonly by: "store" | FailureMode["kind"];
  readonly fault?: StoreFault;
}

/** The store's answer, or what `otherwise` makes of its fault; any other error, such as PolicyFault, is thrown on. */
export async function orElse<A, B>(answer: Promise<A>, otherwise: (fault: StoreFault) => B): Promise<A | B> {
  try {
    return await answer;
  } catch (fault) {
    if (fault instanceof StoreFault) return otherwise(fault);
    throw fault;
  }
}
