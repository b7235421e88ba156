import { main, scenario } from "../src/index.ts";
import planned from "./autoscaling.ts";

const { autoscale: _, startup: _startup, ...fixed } = planned.fleet["main"]!;

// The control of autoscaling: its replica-hours as a fleet that never changes.
export default scenario({
  ...planned,
  name: "autoscaling-fixed",
  description: "The control of autoscaling: the same replica-hours, the same number of replicas all the time",
  fleet: { main: { ...fixed, replicas: 5 } },
  gates: ["chat.goodput.ratio < 50%", "fleet.main.replicaHours > 12"],
});

main(import.meta);
