import { loadScenario } from "../../src/scenario/loadScenario.ts"
import * as Effect from "effect/Effect"
const [file, ...set] = process.argv.slice(2)
const r = await Effect.runPromiseExit(loadScenario(file!, { set: set.map((s) => { const i = s.indexOf("="); return [s.slice(0, i), s.slice(i + 1)] as const }) }))
if (r._tag === "Success") console.log(JSON.stringify(r.value.world, null, 1)); else for (const x of r.cause.reasons) console.log(x._tag === "Fail" ? x.error.message : x)
