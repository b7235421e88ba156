import { expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { burst, column, outcomesOf, run, small } from "../SmallWorld.ts";

type Client = NonNullable<ScenarioInput["traffic"][string]["client"]>;

const retry = { attempts: 10, backoff: "100ms", maxBackoff: "1s", jitter: "none" } as const;

/** 60 attempts/s for a minute, of which a station takes 20 per second of its clock. */
const offered = async (client: Client) => {
  const web = { arrivals: { deterministic: { rate: "60/s" } }, prompt: 1, output: 1, client };
  const simulated = await run({
    name: "pace",
    horizon: "60s",
    traffic: { web },
    gateway: { limits: [{ fixedWindow: { limit: 20, window: "1s" } }] },
    fleet: { server: { station: { service: "1ms" } } },
  } as ScenarioInput);
  const completed = outcomesOf(simulated)["completed"]!;
  return { sent: completed + simulated.result.gateway.limits!.rejected, completed };
};

test("adaptive rate: a backend that takes 20 of 60 per second -> at most twice what it takes is sent; control: far more", async () => {
  const [paced, plain] = [await offered({ retry, adaptiveRate: true, deadline: "5s" }), await offered({ retry, deadline: "5s" })];
  expect(plain.sent).toBeGreaterThan(4 * plain.completed);
  expect(paced.sent).toBeLessThan(2 * 1200);
  expect(paced.completed).toBeGreaterThan(600);
});

test("adaptive rate: nothing is throttled -> nobody waits", async () => {
  const world = (client: Client): ScenarioInput =>
    small(burst(20, { client }), { fleet: { server: { station: { service: "10ms", servers: 5 } } } });
  expect(column(await run(world({ adaptiveRate: true })), "e2eMs")).toEqual(column(await run(world({})), "e2eMs"));
});

test("adaptive rate: who waits at its client gives up -> expired, never sent; each client has a rate of its own", async () => {
  const patient = { attempts: 20, backoff: "1ms", maxBackoff: "1ms", jitter: "none", honorRetryAfter: false } as const;
  const sent = async (instances: number) => {
    const world = small(burst(40, { client: { adaptiveRate: true, instances, deadline: "400ms", retry: patient } }), {
      gateway: { limits: [{ fixedWindow: { limit: 5, window: "1h" } }] },
      fleet: { server: { station: { service: "1ms" } } },
    });
    const simulated = await run(world);
    expect(outcomesOf(simulated)).toMatchObject({ completed: 5 });
    return { expired: outcomesOf(simulated)["expired"], rejected: simulated.result.gateway.limits!.rejected };
  };
  const [one, many] = [await sent(1), await sent(40)];
  expect(one.expired).toBe(35);
  expect(many.rejected).toBeGreaterThan(one.rejected);
});
