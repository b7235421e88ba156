import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { ClientBudgets } from "../client/ClientBudgets.ts";
import type { PolicyFactories } from "../Policies.ts";
import type { RecorderService } from "../Recorder.ts";
import type { Simulation } from "../Simulation.ts";
import type { Door } from "./Door.ts";
import { GuardStage } from "./GuardStage.ts";
import { HedgeStage } from "./HedgeStage.ts";
import type { NetworkSpec } from "./NetworkStage.ts";
import { NetworkStage } from "./NetworkStage.ts";
import { PaceStage } from "./PaceStage.ts";
import { TimeoutStage } from "./TimeoutStage.ts";

export interface ClientChainOptions {
  readonly classes: ReadonlyArray<TrafficClassSpec>;
  readonly network: NetworkSpec | undefined;
  readonly simulation: typeof Simulation.Service;
  readonly recorder: RecorderService;
  /** Hedges are paid from the retry budget. */
  readonly budgets: ClientBudgets | undefined;
  readonly breakerOf: PolicyFactories["breaker"];
}

/** What attempts go through between the client and the gateway: hedging, breaker and throttle, an adaptive rate, each copy's time limit, the network. Only what is asked for. */
export const clientChain = (gateway: Door, options: ClientChainOptions): Door => {
  const { classes, network, simulation, recorder, budgets, breakerOf } = options;
  const limits = classes.map((spec) => spec.client.attemptTimeoutMs);
  const hedges = classes.map((spec) => spec.client.hedge);
  let door = gateway;
  if (network !== undefined) door = new NetworkStage(network, simulation, door);
  if (limits.some((limit) => limit !== undefined)) door = new TimeoutStage(limits, simulation, door);
  if (classes.some(({ client }) => client.adaptiveRate === true)) door = new PaceStage(classes, simulation, door);
  if (classes.some(({ client }) => client.breaker !== undefined || client.throttle !== undefined))
    door = new GuardStage(classes, simulation, door, (rule) => recorder.blockedBy(rule), breakerOf);
  if (hedges.some((hedge) => hedge !== undefined)) {
    const { attempts } = simulation;
    const hooks = {
      allows: (attempt: number) => budgets?.takeHedge(attempts.request.at[attempt]!) ?? true,
      sent: (attempt: number) => recorder.offered(attempts.classIndex.at[attempt]!),
      copyEnded: (attempt: number, succeeded: boolean) => budgets?.hedgeEnded(attempts.request.at[attempt]!, succeeded),
    };
    door = new HedgeStage(hedges, simulation, hooks, door);
  }
  return door;
};
