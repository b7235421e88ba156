import type { Benchmark } from "./Benchmark.ts";
import { holdModel } from "./HoldModel.ts";
import { multiServerQueue } from "./MultiServerQueue.ts";
import { nativeQueue } from "./NativeReference.ts";

/** All benchmarks, in the order of the table. Register new ones here. */
export const benchmarks: ReadonlyArray<Benchmark> = [
  { name: "hold 100", unit: "event", run: () => holdModel({ pending: 100, events: 8_000_000 }) },
  { name: "hold 10k", unit: "event", run: () => holdModel({ pending: 10_000, events: 6_000_000 }) },
  {
    name: "hold 1M",
    unit: "event",
    run: () => holdModel({ pending: 1_000_000, events: 3_000_000 }),
  },
  {
    name: "M/M/1",
    unit: "customer",
    references: ["M/M/1 C++"],
    run: () => multiServerQueue({ servers: 1, customers: 6_000_000 }),
  },
  {
    name: "M/M/1 C++",
    unit: "customer",
    native: true,
    run: () => nativeQueue({ servers: 1, customers: 10_000_000 }),
  },
  {
    name: "M/M/16",
    unit: "customer",
    references: ["M/M/16 C++"],
    run: () => multiServerQueue({ servers: 16, customers: 6_000_000 }),
  },
  {
    name: "M/M/16 C++",
    unit: "customer",
    native: true,
    run: () => nativeQueue({ servers: 16, customers: 10_000_000 }),
  },
];
