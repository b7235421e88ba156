import { expect, it } from "vitest";
import { applyOverrides } from "../../src/scenario/load/Overrides.ts";
import { faultsOf, load, loadValid, VALID } from "./fixtures.ts";

const YAML = `${VALID}/full.yaml`;

it.each([
  ["a.b", "5", { a: { b: 5 }, list: [1, { x: 1 }] }],
  ["list[1].x", "40/s", { a: {}, list: [1, { x: "40/s" }] }],
  ["list.0", "[1, 2s]", { a: {}, list: [[1, "2s"], { x: 1 }] }],
  ["list[2]", "{ p: 95% }", { a: {}, list: [1, { x: 1 }, { p: "95%" }] }],
  ["new[0].deep", "true", { a: {}, list: [1, { x: 1 }], new: [{ deep: true }] }],
  ["a", "null", { list: [1, { x: 1 }] }],
  ["list[0]", "null", { a: {}, list: [{ x: 1 }] }],
  ["price", "$2/h", { a: {}, list: [1, { x: 1 }], price: "$2/h" }],
  ["path", "@odd: text", { a: {}, list: [1, { x: 1 }], path: "@odd: text" }],
  ['q["p99.9"]', '"4k"', { a: {}, list: [1, { x: 1 }], q: { "p99.9": "4k" } }],
])("--set %s=%s: applied -> the value there, and the original as it was", (path, value, expected) => {
  const original = { a: {}, list: [1, { x: 1 }] };
  const { authored, faults } = applyOverrides(original, [[path, value]]);
  expect(faults).toEqual([]);
  expect(authored).toEqual(expected);
  expect(original).toEqual({ a: {}, list: [1, { x: 1 }] });
});

it("several settings: applied in order -> the last wins", () => {
  expect(
    applyOverrides({}, [
      ["a.b", "1"],
      ["a.c", "2"],
      ["a.b", "3"],
    ]).authored,
  ).toEqual({ a: { b: 3, c: 2 } });
});

it("valid settings: loaded -> another world and another digest", async () => {
  const { world } = await loadValid(YAML);
  const changed = await loadValid(YAML, {
    set: [
      ["traffic.chat.weight", "3"],
      ["fleet.main.replicas", "9"],
      ["seed", "8"],
    ],
  });
  expect(changed.world.traffic[0]?.weight).toBe(3);
  expect(changed.world.fleet[0]?.replicas).toBe(9);
  expect(changed.world.digest).not.toBe(world.digest);
  expect((await loadValid(YAML, { set: [["seed", "8"]] })).world.digest).toBe(world.digest);
});

it.each([
  ["traffic.chat.weight", "0", "--set traffic.chat.weight traffic.chat.weight must be above 0 (0)"],
  ["trafic.chat.weight", "1", '--set trafic.chat.weight trafic unknown key: did you mean "traffic"?'],
  ["traffic.web.prompt", "512", "--set traffic.web.prompt traffic.web must have arrivals or trace"],
  ["name", "null", "--set name name is missing"],
  ["horizon", "[", "--set horizon horizon syntax error"],
  ["horizon.x", "1", '--set horizon.x horizon must be a mapping to be set below ("1h")'],
  ["faults[7]", "1", "--set faults[7] faults must be an index from 0 to 2 (7)"],
  ["a..b", "1", '--set a..b must be a path ("a..b")'],
  ["__proto__.polluted", "1", '--set __proto__.polluted must be a path ("__proto__.polluted")'],
  ["gates[0]", "chat.ttft.p99 < 2", '--set gates[0] gates[0] must be a duration ("2")'],
])("--set %s=%s: loaded -> one fault that names the setting", async (path, value, expected) => {
  const faults = await faultsOf(YAML, { set: [[path, value]] });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(expected);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

it("faults in the file and in settings: loaded -> all at once, those of the file first and in its order", async () => {
  const fault = await load("test/fixtures/scenarios/bad/unknown-keys.yaml", {
    set: [["seed", "-1"]],
  });
  const places = (fault as Error).message.split("\n").map((line) => line.split(" ")[0]!);
  expect(places.at(-1)).toBe("--set");
  const lines = places.slice(0, -1).map((place) => Number(place.split(":")[1]));
  expect(lines).toEqual(lines.toSorted((one, other) => one - other));
});
