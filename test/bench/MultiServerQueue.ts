import { Histogram } from "../../src/kernel/Histogram.ts";
import { Kernel, Phase } from "../../src/kernel/Kernel.ts";
import type { Actor } from "../../src/kernel/Kernel.ts";
import { exponential } from "../../src/kernel/Sampler.ts";
import type { Sampler } from "../../src/kernel/Sampler.ts";
import { SlotPool } from "../../src/kernel/SlotPool.ts";
import type { Column } from "../../src/kernel/SlotPool.ts";
import { Streams } from "../../src/kernel/Streams.ts";
import type { Draws, UnitSource } from "../../src/kernel/Streams.ts";
import { TimeGrid } from "../../src/kernel/TimeGrid.ts";
import { measure } from "./Benchmark.ts";
import type { Measurement } from "./Benchmark.ts";

const LOAD = 0.8;
const NOBODY = -1;

/** The customers inside: one slot each. */
class Customers {
  readonly pool = new SlotPool(64);
  readonly arrivalMs: Column<Float64Array> = this.pool.float64();
  readonly serviceMs: Column<Float64Array> = this.pool.float64();
  readonly next: Column<Int32Array> = this.pool.int32();
}

/** First come, first served, by a number of equal servers. */
class Station implements Actor {
  readonly waitsMs = new Histogram();
  served = 0;
  private readonly kernel: Kernel;
  private readonly customers: Customers;
  private readonly id: number;
  private idle: number;
  private first = NOBODY;
  private last = NOBODY;

  constructor(kernel: Kernel, customers: Customers, servers: number) {
    this.kernel = kernel;
    this.customers = customers;
    this.idle = servers;
    this.id = kernel.join(this);
  }

  offer(customer: number): void {
    if (this.idle > 0) {
      this.idle--;
      this.serve(customer);
    } else this.queue(customer);
  }

  wake(_op: number, customer: number): void {
    this.served++;
    this.customers.pool.give(customer);
    const next = this.first;
    if (next === NOBODY) this.idle++;
    else {
      this.first = this.customers.next.at[next]!;
      this.serve(next);
    }
  }

  private queue(customer: number): void {
    this.customers.next.at[customer] = NOBODY;
    if (this.first === NOBODY) this.first = customer;
    else this.customers.next.at[this.last] = customer;
    this.last = customer;
  }

  private serve(customer: number): void {
    const nowMs = this.kernel.now;
    this.waitsMs.record(nowMs - this.customers.arrivalMs.at[customer]!);
    this.kernel.post(nowMs + this.customers.serviceMs.at[customer]!, this.id, 0, customer, Phase.Boundary);
  }
}

/** Poisson arrivals; the service time belongs to the customer and is drawn by counter. */
class Arrivals implements Actor {
  private readonly kernel: Kernel;
  private readonly customers: Customers;
  private readonly station: Station;
  private readonly gapMs: Sampler;
  private readonly gaps: UnitSource;
  private readonly serviceMs: Sampler;
  private readonly services: Draws;
  private nextMs = 0.5;
  private arrived = 0;

  constructor(kernel: Kernel, customers: Customers, station: Station, servers: number) {
    const streams = new Streams(7);
    this.kernel = kernel;
    this.customers = customers;
    this.station = station;
    this.gapMs = exponential(1 / (LOAD * servers));
    this.gaps = streams.open("arrivals", "gap").sequence();
    this.serviceMs = exponential(1);
    this.services = streams.open("arrivals", "service");
    this.nextMs = 0;
  }

  start(): void {
    this.kernel.source(() => this.next(), this.kernel.join(this), 0, 0, Phase.Arrival);
  }

  next(): number {
    this.nextMs += this.gapMs.sample(this.gaps);
    return this.nextMs;
  }

  wake(): void {
    const customers = this.customers;
    const customer = customers.pool.take();
    customers.arrivalMs.at[customer] = this.kernel.now;
    customers.serviceMs.at[customer] = this.serviceMs.sample(this.services.at(this.arrived++));
    this.station.offer(customer);
  }
}

const build = (servers: number): { readonly kernel: Kernel; readonly station: Station } => {
  const kernel = new Kernel({ grid: TimeGrid.forHorizon(6e7) });
  const customers = new Customers();
  const station = new Station(kernel, customers, servers);
  new Arrivals(kernel, customers, station, servers).start();
  return { kernel, station };
};

/** M/M/c at load 0.8 through the kernel: actors, slots, streams and a histogram of the waits. */
export const multiServerQueue = (options: { readonly servers: number; readonly customers: number }): Measurement => {
  const { kernel, station } = build(options.servers);
  return measure(
    () => void kernel.runFor(1_000_000, Infinity),
    () => {
      const before = station.served;
      while (station.served < before + options.customers) kernel.runFor(50_000, Infinity);
      requireMeanWait(options.servers, station.waitsMs);
      return station.served - before;
    },
  );
};

/** A fast wrong answer is worth nothing. The mean wait must be that of the Erlang C formula, within 5 %. */
const requireMeanWait = (servers: number, waitsMs: Histogram): void => {
  const expectedMs = erlangC(servers, LOAD * servers) / (servers * (1 - LOAD));
  const ratio = waitsMs.mean! / expectedMs;
  if (!(ratio > 0.95 && ratio < 1.05)) throw new Error(`mean wait ${waitsMs.mean} ms, expected ${expectedMs} ms`);
};

/** Probability of waiting. Source: A. K. Erlang, by the recursion of the Erlang B formula. */
const erlangC = (servers: number, offered: number): number => {
  let blocked = 1;
  for (let count = 1; count <= servers; count++) blocked = (offered * blocked) / (count + offered * blocked);
  const load = offered / servers;
  return blocked / (1 - load + load * blocked);
};
