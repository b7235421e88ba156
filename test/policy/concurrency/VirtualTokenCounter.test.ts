import fc from "fast-check";
import { expect, it } from "vitest";
import { VirtualTokenCounter } from "../../../src/policy/concurrency/index.ts";
import { expectFaults } from "../Settings.ts";

it("vtc: a setting out of bounds -> the fault that says what it must be", () => {
  const constraints = {
    clients: "a whole number >= 1 <= 1048576",
    inputWeight: "a finite number >= 0",
    outputWeight: "a finite number > 0",
  };
  expectFaults("vtc", { clients: 2, inputWeight: 1, outputWeight: 2 }, constraints, (of) => new VirtualTokenCounter(of));
});

// Source: Sheng et al. 2024, algorithm 2, over a list of the requests that wait.
it("vtc: any arrivals, departures and work -> counters and choices of the paper's algorithm", () => {
  const step = fc.record({
    what: fc.constantFrom("arrive", "arrive", "leave", "serve", "serve"),
    client: fc.nat(3),
    input: fc.integer({ min: 0, max: 9 }),
    output: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40, size: "max" }), (steps) => {
      const vtc = new VirtualTokenCounter({ clients: 4, inputWeight: 1, outputWeight: 2 });
      const served = [0, 0, 0, 0];
      const waiting: Array<number> = [];
      let last = 0;
      const choice = (): number => {
        const clients = [0, 1, 2, 3].filter((client) => waiting.includes(client));
        return clients.length === 0 ? -1 : clients.reduce((best, client) => (served[client]! < served[best]! ? client : best));
      };
      const leave = (client: number): void => {
        vtc.leave(client);
        if (!waiting.includes(client)) return;
        waiting.splice(waiting.indexOf(client), 1);
        last = client;
      };
      for (const { what, client, input, output } of steps) {
        if (what === "arrive") {
          vtc.arrive(client);
          const floor = waiting.length === 0 ? served[last]! : Math.min(...waiting.map((one) => served[one]!));
          if (!waiting.includes(client)) served[client] = Math.max(served[client]!, floor);
          waiting.push(client);
        } else if (what === "leave") leave(client);
        else {
          const next = vtc.next();
          if (next < 0) continue;
          leave(next);
          vtc.charge(next, input, output);
          served[next]! += input + 2 * output;
        }
        expect(vtc.next()).toBe(choice());
        expect([0, 1, 2, 3].map((one) => vtc.served(one))).toEqual(served);
      }
    }),
  );
});
