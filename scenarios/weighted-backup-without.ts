import { main, scenario } from "../src/index.ts";
import backed from "./weighted-backup.ts";

const { fast, slow } = backed.fleet;

// The control of weighted-backup: the same loss without a backup pool.
export default scenario({
  ...backed,
  name: "weighted-backup-without",
  description: "The control of weighted-backup: the same loss, and nobody to take over",
  fleet: { fast: fast!, slow: slow! },
  gates: ["chat.goodput.ratio < 90%"],
});

main(import.meta);
