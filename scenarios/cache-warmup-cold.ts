import { main, scenario } from "../src/index.ts";
import warmed from "./cache-warmup.ts";

const { warmUp: _, ...cold } = warmed.gateway!.cache!;

// The control of cache-warmup: the same peak hits an empty cache.
export default scenario({
  ...warmed,
  name: "cache-warmup-cold",
  description: "The control of cache-warmup: the same peak on an empty cache",
  gateway: { ...warmed.gateway, cache: cold },
  gates: ["desk.goodput.ratio < 90%"],
});

main(import.meta);
