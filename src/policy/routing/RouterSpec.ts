/** Which router policy a gateway uses, and its parameters. */
export type RouterSpec =
  | { readonly kind: "roundRobin" }
  | { readonly kind: "random" }
  /** nginx smooth weighted round robin over `weight`. */
  | { readonly kind: "weighted" }
  | { readonly kind: "leastOutstanding" }
  | { readonly kind: "powerOfTwo" }
  /** Rendezvous hashing on the prompt's prefix; least outstanding when the favorite would hold more than `loadFactor` (>= 1) times the mean. */
  | { readonly kind: "prefixAffinity"; readonly loadFactor: number };
