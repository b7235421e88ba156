import { describe, expect, it } from "vitest";
import { FITTED_FACTORS, ROOFLINE_ERRORS } from "../../../src/serving/catalog/RooflineFactors.ts";
import { isShared } from "../real/SharedFile.ts";
import { silicon } from "../real/silicon.ts";
import { wideExperts } from "../real/wideExperts.ts";
import { fitRoofline } from "./fitRoofline.ts";
import { UNKNOWNS } from "./RooflineUnknowns.ts";
import { SILICON_FILE, siliconPoints } from "./SiliconPoint.ts";

const absent = !isShared(SILICON_FILE);
if (absent) process.stderr.write("closed-loop points: skipped: ../shared/data is absent\n");

const TIMEOUT_MS = 120_000;

describe.skipIf(absent)("closed-loop points", () => {
  it(
    "the catalog's factors -> those that the fit gives, to a percent",
    () => {
      const { scored, others } = siliconPoints();
      const values = fitRoofline([...scored, ...others]);
      UNKNOWNS.forEach(({ name, engine }, i) => {
        const of = (engine === undefined ? FITTED_FACTORS : FITTED_FACTORS.engines[engine]) as unknown as {
          readonly [name: string]: number;
        };
        expect(Math.abs(of[name]! / values[i]! - 1)).toBeLessThan(0.01);
      });
    },
    TIMEOUT_MS,
  );

  it(
    "roofline alone and calibrated, held out -> within the targets, and no worse than the catalog states",
    async () => {
      const { tables } = await silicon.run();
      const error = (quantity: RegExp): number => tables[0]!.rows.find((row) => quantity.test(row.quantity))!.error!;
      expect(error(/calibrated.*TPOT/u)).toBeLessThan(4);
      expect(error(/calibrated.*TTFT/u)).toBeLessThan(15);
      expect(error(/roofline alone.*TPOT/u)).toBeLessThan(8);
      expect(error(/roofline alone.*TTFT/u)).toBeLessThan(20);
      const overPoints = tables[1]!.rows.find(({ quantity }) => quantity.startsWith("roofline alone, model left out, over all"))!;
      expect(Number(overPoints.reference)).toBeLessThan(100 * ROOFLINE_ERRORS.tpotRatio + 0.5);
      expect(Number(overPoints.simulated)).toBeLessThan(100 * ROOFLINE_ERRORS.ttftRatio);
    },
    TIMEOUT_MS,
  );

  it("wide expert parallelism -> DeepSeek's and SGLang's published decode rates lie inside the range", async () => {
    const { tables } = await wideExperts.run();
    const decode = tables[0]!.rows.filter(({ quantity }) => quantity.includes("decode"));
    expect(decode).toHaveLength(2);
    for (const { reference, simulated } of decode) {
      const [low, high] = String(simulated)
        .split(/k to |k; /u)
        .map(Number) as [number, number];
      expect(Number.parseFloat(String(reference))).toBeGreaterThan(low);
      expect(Number.parseFloat(String(reference))).toBeLessThan(high);
    }
  });
});
