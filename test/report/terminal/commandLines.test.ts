import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { commandLines } from "../../../src/report/terminal/commandLines.ts";
import { displayWidth } from "../../../src/report/terminal/displayWidth.ts";

test("commandLines: a command that fits -> one line; a longer one -> broken at spaces", () => {
  expect(commandLines("npx spillway run a.ts", 40)).toEqual(["npx spillway run a.ts"]);
  expect(commandLines("npx spillway run a.ts --seed 7", 24)).toEqual(["npx spillway run a.ts \\", "--seed 7"]);
});

const words = (command: string): string => execFileSync("sh", ["-c", `printf '<%s>' ${command}`], { encoding: "utf8" });

test("commandLines: any words, quoted or not -> no line too wide, and a shell reads the same arguments", () => {
  const word = fc.string({
    unit: fc.constantFrom("a", "b", "/", "=", "深"),
    minLength: 1,
    maxLength: 60,
  });
  const quoted = fc.string({ unit: fc.constantFrom("a", " ", "{", "$", "*"), maxLength: 60 }).map((text) => `'${text}'`);
  const double = fc.string({ unit: fc.constantFrom("a", " ", ",", "'"), maxLength: 60 }).map((text) => `"${text}"`);
  fc.assert(
    fc.property(fc.array(fc.oneof(word, quoted, double), { minLength: 1, maxLength: 8 }), (parts) => {
      const command = parts.join(" ");
      const lines = commandLines(command, 24);
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(24);
      expect(words(lines.join("\n"))).toBe(words(command));
    }),
    { numRuns: 30 },
  );
});
