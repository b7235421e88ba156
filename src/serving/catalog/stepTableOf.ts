import { readMeasurements } from "../calibration/readMeasurements.ts";
import type { StepPoint } from "../calibration/StepPoint.ts";
import { StepTable } from "../steptime/StepTable.ts";
import { TraceFault } from "../../workload/trace/TraceFault.ts";
import type { CalibrationEntry } from "./CalibrationEntry.ts";
import { decodeCalibration, isMistaken } from "./CalibrationEntry.ts";

/** Why a file that a scenario names cannot be used: place, constraint, value, hint in one text. */
export interface FileMistake {
  readonly mistake: string;
}

export const isFileMistake = (of: object): of is FileMistake => "mistake" in of;

/** Measured steps from the text of a CSV; each table made of them counts its own look-ups. */
export const stepTableOf = (file: string, text: string): { readonly points: ReadonlyArray<StepPoint> } | FileMistake => {
  try {
    const measurements = readMeasurements({ file, text, where: [] });
    if (measurements.kind !== "steps")
      return { mistake: `${file} holds no engine steps: columns sequences,kvTokens,prefillTokens,context,ms` };
    // Looked into once, so that a table that cannot be is refused here.
    const table = new StepTable(measurements.steps);
    return { points: table.points };
  } catch (cause) {
    if (cause instanceof TraceFault || cause instanceof RangeError) return { mistake: cause.message };
    throw cause;
  }
};

/** A calibration from the text of its JSON file. */
export const calibrationOf = (file: string, text: string): CalibrationEntry | FileMistake => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return { mistake: `${file} is no JSON: ${(cause as Error).message}` };
  }
  const entry = decodeCalibration(json);
  if (!isMistaken(entry)) return entry;
  return {
    mistake: `${file} ${entry.map(({ path, constraint, value }) => `${path} ${constraint} (${JSON.stringify(value)})`).join("; ")}`,
  };
};
