/** The most that may pass in any interval of true time. */
export type Bound =
  /** `capacity + perSecond * t`. */
  | { readonly bucket: { readonly capacity: number; readonly perSecond: number } }
  /** So many in every interval of the window's length. */
  | { readonly window: { readonly limit: number; readonly ms: number } }
  /** Windows that begin somewhere: up to twice the limit at an edge. */
  | { readonly edge: { readonly limit: number; readonly ms: number } };

/** The bound for an interval of length `ms`, both ends included. */
export const mostWithin = (bound: Bound, ms: number): number => {
  if ("bucket" in bound) return bound.bucket.capacity + (bound.bucket.perSecond * ms) / 1000;
  if ("window" in bound) return bound.window.limit * (Math.floor(ms / bound.window.ms) + 1);
  return bound.edge.limit * (Math.floor(ms / bound.edge.ms) + 2);
};

export const boundText = (bound: Bound): string => {
  if ("bucket" in bound) return `${bound.bucket.capacity} + ${bound.bucket.perSecond}/s`;
  return "window" in bound ? `${bound.window.limit} in any ${bound.window.ms} ms` : `${2 * bound.edge.limit} in any ${bound.edge.ms} ms`;
};
