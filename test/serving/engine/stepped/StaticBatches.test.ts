import { expect, test } from "vitest";
import { burst, column, outcomesOf, pool, run, small } from "../../SmallWorld.ts";

const stepped = pool({ engine: { scheduler: "static" } });

test("static batches, one at a time from a queue -> each starts when the one before is answered", async () => {
  const gateway = { queue: { capacity: 10 }, concurrency: { fixed: { limit: 1 } } } as const;
  const simulated = await run(small(burst(3), { gateway, fleet: { gpu: stepped } }));
  // 10 steps of 10 ms each: the first for the prompt and the first token.
  expect(column(simulated, "e2eMs").toSorted((x, y) => x! - y!)).toEqual([100, 200, 300]);
});

test("static batches, two at a time from a queue, answers of different length -> a batch starts when the longest is answered", async () => {
  const gateway = { queue: { capacity: 10 }, concurrency: { fixed: { limit: 2 } } } as const;
  const traffic = { short: burst(2, { output: 5 }), long: burst(2, { output: 10 }) };
  const simulated = await run({ ...small(burst(1)), traffic, gateway, fleet: { gpu: stepped } });
  expect(outcomesOf(simulated)).toEqual({ completed: 4 });
  expect(Math.max(...column(simulated, "e2eMs").map((ms) => ms!))).toBeLessThanOrEqual(200);
});

test.each([1, 2, 3])(
  "static decode pool, hedged attempts, seed %i -> copies given up while they wait for KV take their transfers with them",
  async (seed) => {
    const chat = {
      arrivals: { poisson: { rate: "40/s" } },
      prompt: 1600,
      output: { uniform: [1, 60] },
      client: { hedge: { after: "300ms" } },
    } as const;
    const simulated = await run(
      small(chat, {
        gateway: { disaggregation: { link: { bandwidth: "100MB/s" } } },
        fleet: {
          prefill: { ...pool(), role: "prefill", kvBytesPerToken: "1kB" },
          decode: { ...stepped, role: "decode" },
        },
      }),
      { seed },
    );
    expect(outcomesOf(simulated)["completed"]).toBeGreaterThan(50);
  },
);
