import type { Comparison, Section } from "../real/Section.ts";
import type { Finding } from "./Reference.ts";
import { REFERENCES } from "./references.ts";

/** The verdict on a band: the distance from its middle is at most half its width. */
const toRow = ({ name, published, low, high, simulated }: Finding): Comparison => ({
  quantity: name,
  reference: published,
  simulated,
  error: simulated - (low + high) / 2,
  errorUnit: "",
  target: (high - low) / 2,
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
        "Each runs through a scenario as a user would write it. Where a figure comes with a band, the error is the distance from its middle and the target half",
        "its width.",
      ],
      tables,
      remarks: [],
    };
  },
};
