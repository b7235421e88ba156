export { LeastOutstanding } from "./LeastOutstanding.ts";
export { PowerOfTwo } from "./PowerOfTwo.ts";
export { PrefixAffinity } from "./PrefixAffinity.ts";
export { RandomChoice } from "./RandomChoice.ts";
export { RoundRobin } from "./RoundRobin.ts";
export type { FleetView, RouterPolicy, RouteRequest } from "./Router.ts";
export { routerOf } from "./RouterOf.ts";
export type { RouterSpec } from "./RouterSpec.ts";
export { Weighted } from "./Weighted.ts";
