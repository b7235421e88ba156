import { requireDomain, requireNonNegative } from "./Domain.ts";

/** Hit ratios of an LRU cache of equally large objects. */
export interface LruHits {
  /** Share of requests that hits, 0..1. */
  readonly hitRatio: number;
  /** Hit ratio of each object's own requests, in the order of `popularity`. */
  readonly objectHitRatio: Float64Array;
  /** Requests that an object stays cached for after its last use (Che's characteristic time); Infinity when everything fits. */
  readonly characteristicRequests: number;
}

/**
 * Che's approximation for independent references: with t solving sum of (1 - exp(-p t)) = capacity, object i hits with 1 - exp(-p(i) t).
 * Error usually below 0.01 and vanishing for large caches; exact at capacity >= objects, and for equal popularities as their number grows.
 * `popularity` holds weights >= 0 of any total; `capacity` counts objects, >= 0, fractions allowed. Throws RangeError on all-zero weights.
 * Source: Che, Tung, Wang 2002, IEEE JSAC 20(7), section III; Fricker, Robert, Roberts 2012, "A versatile and accurate approximation for LRU cache performance".
 */
export function lruHitRatio(cache: { readonly popularity: ReadonlyArray<number>; readonly capacity: number }): LruHits {
  const share = normalized(cache.popularity);
  requireNonNegative("lruHitRatio.capacity", cache.capacity);
  const characteristicRequests = characteristicTime(share, cache.capacity);
  const objectHitRatio = share.map((p) => (p === 0 ? 0 : -Math.expm1(-p * characteristicRequests)));
  return {
    hitRatio: share.reduce((sum, p, i) => sum + p * objectHitRatio[i]!, 0),
    objectHitRatio,
    characteristicRequests,
  };
}

function normalized(popularity: ReadonlyArray<number>): Float64Array {
  let total = 0;
  popularity.forEach((weight, i) => {
    requireNonNegative(`lruHitRatio.popularity[${i}]`, weight);
    total += weight;
  });
  requireDomain(total > 0, {
    place: "lruHitRatio.popularity",
    value: total,
    constraint: "must have a total > 0",
  });
  return Float64Array.from(popularity, (weight) => weight / total);
}

/** Mean number of distinct objects among `requests` references, as if references came as a Poisson process. */
function distinctObjects(share: Float64Array, requests: number): number {
  return share.reduce((sum, p) => sum - Math.expm1(-p * requests), 0);
}

/** The root by bisection: the left side rises from 0 to the number of objects that are ever asked for. */
function characteristicTime(share: Float64Array, capacity: number): number {
  if (capacity >= share.reduce((objects, p) => objects + (p > 0 ? 1 : 0), 0)) return Infinity;
  let low = 0;
  let high = Math.max(1, capacity);
  while (distinctObjects(share, high) < capacity) {
    low = high;
    high *= 2;
  }
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (distinctObjects(share, middle) < capacity) low = middle;
    else high = middle;
  }
}
