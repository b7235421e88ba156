import { main, scenario } from "../src/index.ts";
import storm from "./retry-storm.ts";

const web = storm.traffic["web"]!;

// The control of retry-storm: the same surge on the same server, from clients that do not ask again. It is over when the surge is.
export default scenario({
  ...storm,
  name: "retry-storm-calm",
  description: "The control of retry-storm: the same surge without retries",
  traffic: { web: { ...web, client: { ...web.client, retry: { attempts: 1 } } } },
  gates: ["web.goodput.ratio > 95%"],
});

main(import.meta);
