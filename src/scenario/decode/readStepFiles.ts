import type { PoolRequest } from "../../serving/catalog/PoolRequest.ts";
import { calibrationOf, isFileMistake, stepTableOf } from "../../serving/catalog/stepTableOf.ts";
import type { Path } from "../check/Path.ts";
import type { Pool } from "../schema/Fleet.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

type EngineInput = NonNullable<(typeof Pool.Type)["engine"]>;
type Key = "step" | "stepTable" | "calibration";

/** How files of step times are found and read. */
export interface StepFiles {
  /** The path from the working directory, given the path as written and where it is written. */
  readonly resolve: (written: string, at: Path) => string;
  /** Undefined where it cannot be read. */
  readonly readText: (path: string) => string | undefined;
}

/** Reads the files of step times that a pool names. */
export const readStepFiles = (
  decoding: Decoding,
  pool: At<typeof Pool.Type>,
  files: StepFiles,
): Pick<PoolRequest, "stepTable" | "calibration"> => {
  const at: At<EngineInput> = { value: pool.value.engine ?? {}, path: [...pool.path, "engine"] };
  const given = (["step", "stepTable", "calibration"] as const).filter((key: Key) => Object.hasOwn(at.value, key));
  for (const key of given.slice(1)) {
    decoding.reject({
      path: [...at.path, key],
      constraint: `must not be together with ${given[0]}`,
      hint: "each says what a step takes",
      part: "key",
    });
  }
  if (given.length > 0 && Object.hasOwn(at.value, "name")) {
    decoding.reject({
      path: [...at.path, "name"],
      constraint: `must not be together with ${given[0]}`,
      hint: "it chooses among the step times of the catalog",
      part: "key",
    });
  }
  return present({
    stepTable: decoding.field(at, "stepTable", (written) => readFile(decoding, written, files, stepTableOf)),
    calibration: decoding.field(at, "calibration", (written) => {
      const read = readFile(decoding, written, files, calibrationOf);
      return read === undefined ? undefined : { file: read.file, entry: read };
    }),
  });
};

const readFile = <T extends object>(
  decoding: Decoding,
  { value, path }: At<string>,
  files: StepFiles,
  parse: (file: string, text: string) => T | { readonly mistake: string },
): (T & { readonly file: string }) | undefined => {
  const file = files.resolve(value, path);
  const text = files.readText(file);
  if (text === undefined) {
    decoding.reject({ path, constraint: "must be a file that can be read", value: file });
    return undefined;
  }
  const parsed = parse(file, text);
  if (!isFileMistake(parsed)) return { ...parsed, file } as T & { readonly file: string };
  decoding.reject({ path, constraint: parsed.mistake, value });
  return undefined;
};
