import { main, scenario } from "../src/index.ts";
import fair from "./fair-tenants.ts";

// The control of fair-tenants: the same load, oldest first. The light tenant waits behind the heavy one's flood.
export default scenario({
  ...fair,
  name: "fair-tenants-without",
  description: "The control of fair-tenants: the same load, oldest first",
  gateway: { ...fair.gateway, queue: { capacity: 20_000, order: "fifo" } },
  gates: ["light.goodput.ratio < 80%", "light.ttft.p99 > 2s"],
});

main(import.meta);
