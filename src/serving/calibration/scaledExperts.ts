import type { ExpertReads } from "../ServingSpec.ts";

/** Factors on the reading of experts, and on the time of a row in them and on the way: no more than on `b` and `d`, which it is part of. */
export const scaledExperts = (experts: ExpertReads, by: { readonly read: number; readonly row: number }): ExpertReads => ({
  ...experts,
  msPerExpert: experts.msPerExpert * by.read,
  ...(experts.rowMs === undefined ? {} : { rowMs: experts.rowMs * by.row }),
  ...(experts.exchangeRowMs === undefined ? {} : { exchangeRowMs: experts.exchangeRowMs * by.row }),
});
