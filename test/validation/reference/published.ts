import type { Comparison, ComparisonTable, Section } from "../real/Section.ts";
import { relative } from "../real/Section.ts";
import type { Finding } from "./Reference.ts";
import { REFERENCES } from "./references.ts";

const digits = (value: number): string => (Number.isFinite(value) ? Number(value.toPrecision(4)).toString() : "");

/** The error is the distance to the published value, in percent of it; to the band where there is no such value. */
const toRow = ({ name, published, low, high, simulated }: Finding): Comparison => {
  if (typeof published === "number" && published !== 0) {
    return relative(name, published, simulated, (50 * (high - low)) / published);
  }
  return {
    quantity: name,
    reference: low === high ? published : `${published} [${digits(low)}..${digits(high)}]`,
    simulated,
    error: simulated < low ? simulated - low : Math.max(0, simulated - high),
    errorUnit: "",
    target: 0,
  };
};

/** Published experiments that need no data, each as a scenario. */
export const published: Section = {
  name: "reference",
  title: "Published experiments, as scenarios",
  needs: [],
  run: async () => {
    const tables: Array<ComparisonTable> = [];
    const misses = new Map<string, Array<string>>();
    for (const { title, source, findings } of REFERENCES) {
      process.stderr.write(`reference: ${title}\n`);
      const found = await findings();
      tables.push({ title: `${title} (${source})`, reference: "published", rows: found.map(toRow) });
      for (const { name, miss } of found) if (miss !== undefined) misses.set(miss, [...(misses.get(miss) ?? []), name]);
    }
    return {
      method: [
        "Each runs through a scenario as a user would write it. Targets are the tolerances that were chosen with the published values. In brackets the band of a bound, an order or a shape, whose error is how far a figure lies outside.",
        "Ours are the bands of shapes, of 99th percentiles and of what is published in words. Chosen after a first run, and so in sample: the band of recovery times, and how long the balancers run.",
      ],
      tables,
      remarks: [...misses].map(([miss, names]) => `${names.join("; ")}: ${miss}.`),
    };
  },
};
