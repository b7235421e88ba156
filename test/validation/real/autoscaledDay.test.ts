import { expect, it } from "vitest";
import { autoscaledDay } from "./autoscaledDay.ts";
import { verdictOf } from "./Section.ts";
import { isShared } from "./SharedFile.ts";

const absent = !autoscaledDay.needs.every(isShared);
if (absent) process.stderr.write("an autoscaled day: skipped: ../shared/data is absent\n");

it.skipIf(absent)("DeepSeek's day 6 with an autoscaler -> the node curve within its target; a constant fleet is far off", async () => {
  const { tables } = await autoscaledDay.run();
  const [curve, flat] = tables[0]!.rows;
  expect(verdictOf(curve!)).toBe("pass");
  expect(flat!.error!).toBeGreaterThan(3 * curve!.error!);
});
