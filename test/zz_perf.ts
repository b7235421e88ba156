import * as Effect from "/work/main/node_modules/effect/dist/Effect.js";
import { simulate, decodeScenario, sourceOf } from "/work/main/src/index.ts";
import { ScenarioFault } from "/work/main/src/index.ts";
const cache = process.argv[2] === "cache", n = Number(process.argv[3] ?? 64), rate = Number(process.argv[4] ?? 14), h = process.argv[5] ?? "10m", out = Number(process.argv[6]??244);
const l = decodeScenario(sourceOf({ name: "x", horizon: h, traffic: { chat: { arrivals: { poisson: { rate: `${rate*n}/s` } }, prompt: { lognormal: { mean: 810, p99: 4000 } }, output: { lognormal: { mean: out, p99: out*5 } }, slo: { ttft: "1s" } } },
 gateway: { router: "powerOfTwo" }, fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: n, engine: { prefixCache: cache, kvBlocks: 25000 } } } }));
if (l instanceof ScenarioFault) { console.log(l.message); process.exit(1); }
for (let i = 0; i < 2; i++) {
const c = process.cpuUsage();
const r = await Effect.runPromise(simulate({ ...l.world }, { seed: 1 }));
const u = process.cpuUsage(c); const cpu = (u.user + u.system) / 1e6;
console.log(r.result.engine, (r.result.engine.requests / cpu / 1e6).toFixed(3) + " M req/CPU-s", Math.round(cpu*1e9/r.result.engine.requests)+" ns/req", "ev/req", (r.result.engine.events/r.result.engine.requests).toFixed(2), "util", r.result.pools[0]!.utilization.toFixed(2), "RSS", Math.round(process.resourceUsage().maxRSS/1024)); }
