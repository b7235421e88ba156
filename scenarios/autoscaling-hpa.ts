import { main, scenario } from "../src/index.ts";
import planned from "./autoscaling.ts";

const main70b = planned.fleet["main"]!;
const { scheduled: _, startHour: __, ...reactive } = main70b.autoscale!;

// autoscaling without its schedule, and with a lower target so that it spends the same replica-hours: still, replicas are ready minutes after the rush.
export default scenario({
  ...planned,
  name: "autoscaling-hpa",
  description: "The same rush with the Kubernetes autoscaler alone: what it starts is ready seven minutes later",
  fleet: { main: { ...main70b, autoscale: { ...reactive, hpa: { target: { concurrency: 16 } } } } },
  gates: ["chat.goodput.ratio < 85%", "fleet.main.replicaHours > 11"],
});

main(import.meta);
