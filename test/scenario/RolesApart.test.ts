import { expect, test } from "vitest";
import { decodeWorld, isFaults } from "../../src/scenario/decode/decodeWorld.ts";
import { resolvePool } from "../../src/serving/catalog/resolvePool.ts";

const decode = (prefill: object) =>
  decodeWorld(
    {
      name: "x",
      horizon: "60s",
      traffic: { chat: { arrivals: { poisson: { rate: "1/s" } }, prompt: 100, output: 10 } },
      gateway: { disaggregation: { link: { bandwidth: "50GB/s" } } },
      fleet: {
        prefill: { gpu: "H100", model: "llama-3.1-8b", role: "prefill", ...prefill },
        decode: { gpu: "H100", model: "llama-3.1-8b", role: "decode" },
      },
    },
    { catalog: resolvePool, traceFiles: { find: () => undefined } as never, stepFiles: {} as never },
  );

test.each([
  ["frontend", { cores: 4 }],
  ["network", { bandwidth: "10GB/s" }],
  ["disk", { bandwidth: "1GB/s", capacity: "1TB" }],
  ["startup", { compile: "40s" }],
  ["initial", 1],
])("roles apart: a pool with %s -> a fault that names it, because machine and life do not know of transfers", (key, value) => {
  const faults = decode({ [key]: value });
  if (!isFaults(faults)) throw new Error("no fault");
  expect(faults.map(({ path }) => path)).toContainEqual(["fleet", "prefill", key]);
  expect(faults.find(({ path }) => path.at(-1) === key)!.constraint).toBe("must not be together with role prefill");
});

test("roles apart: KV of the model, tensor parallel beyond its KV heads or not -> each token moves once", () => {
  for (const parallelism of [{ tp: 1 }, { tp: 16 }, { tp: 2, pp: 2, dp: 2 }]) {
    const world = decode({ parallelism });
    if (isFaults(world)) throw new Error(JSON.stringify(world));
    expect(world.fleet[0]!.kvBytesPerToken).toBe(131_072);
  }
});

test("roles apart: host time of the engine -> allowed, it is the engine's own", () => {
  const world = decode({ engine: { host: { perStep: "2ms" } } });
  if (isFaults(world)) throw new Error(JSON.stringify(world));
  expect(world.fleet[0]!.engine).toMatchObject({ host: { perStepMs: 2 }, scheduling: { prefillOnly: true } });
});
