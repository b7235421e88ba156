import type { Comparison, Section } from "../real/Section.ts";
import type { Finding } from "./Reference.ts";
import { REFERENCES } from "./references.ts";

const digits = (value: number): string => (Number.isFinite(value) ? Number(value.toPrecision(4)).toString() : "");

/** The error is how far a figure lies outside of its band. */
const toRow = ({ name, published, low, high, simulated }: Finding): Comparison => ({
  quantity: name,
  reference: low === high ? published : `${published} [${digits(low)}..${digits(high)}]`,
  simulated,
  error: simulated < low ? simulated - low : Math.max(0, simulated - high),
  errorUnit: "",
  target: 0,
});

/** Published experiments that need no data, each as a scenario. */
export const published: Section = {
  name: "reference",
  title: "Published experiments, as scenarios",
  needs: [],
  run: async () => {
    const tables = [];
    for (const { title, source, findings } of REFERENCES) {
      process.stderr.write(`reference: ${title}\n`);
      tables.push({ title: `${title} (${source})`, reference: "published", rows: (await findings()).map(toRow) });
    }
    return {
      method: [
        "Each runs through a scenario as a user would write it. In brackets the band in which a figure must lie; the error is how far it lies outside.",
      ],
      tables,
      remarks: [],
    };
  },
};
