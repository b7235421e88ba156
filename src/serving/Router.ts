import * as Context from "effect/Context";
import * as Layer from "effect/Layer";
import type { RouterPolicy } from "../policy/routing/Router.ts";
import { routerOf } from "../policy/routing/RouterOf.ts";
import type { RouterSpec } from "../policy/routing/RouterSpec.ts";

/** The gateway's routing policy. Replace it in a scenario file: `Layer.succeed(Router, { name, pick(fleet, request, draw) { ... } })`. */
export class Router extends Context.Service<Router, RouterPolicy>()("spillway/Router") {
  static readonly layer = (spec: RouterSpec): Layer.Layer<Router> => Layer.sync(Router, () => routerOf(spec));
}
