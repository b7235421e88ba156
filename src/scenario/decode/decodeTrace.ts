import type { TraceSpec } from "../../workload/TrafficSpec.ts";
import { DURATION } from "../../units/Duration.ts";
import type { Path } from "../check/Path.ts";
import type { TrafficClass } from "../schema/Traffic.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

export type TraceInput = NonNullable<(typeof TrafficClass.Type)["trace"]>;

/** How trace files are found. */
export interface TraceFiles {
  /** The path from the working directory, given the path as written and where it is written. */
  readonly resolve: (written: string, at: Path) => string;
  readonly exists: (path: string) => boolean;
}

/** Turns a written trace into numbers and finds its file. */
export const decodeTrace = (decoding: Decoding, at: At<TraceInput>, files: TraceFiles): TraceSpec => {
  const long = typeof at.value === "string" ? undefined : at.value;
  const holder: At<Partial<NonNullable<typeof long>>> = { value: long ?? {}, path: at.path };
  const place = typeof at.value === "string" ? at.path : [...at.path, "path"];
  const written = typeof at.value === "string" ? at.value : at.value.path;
  const fromMs = decoding.field(holder, "from", (from) => decoding.quantity(DURATION, from)) ?? 0;
  const toMs = decoding.field(holder, "to", (to) => decoding.quantity(DURATION, to)) ?? Infinity;
  if (toMs <= fromMs)
    decoding.reject({
      path: [...at.path, "to"],
      constraint: "must be after from",
      value: long?.to,
    });
  return present({
    path: findFile(decoding, { value: written, path: place }, files),
    format: long?.format,
    rateScale: long?.rateScale ?? 1,
    timeScale: long?.timeScale ?? 1,
    fromMs,
    toMs,
    loop: long?.loop ?? false,
  });
};

const findFile = (decoding: Decoding, { value, path }: At<string>, files: TraceFiles): string => {
  const resolved = files.resolve(value, path);
  if (!files.exists(resolved))
    decoding.reject({
      path,
      constraint: "must be an existing file",
      value,
      hint: `looked for ${resolved}`,
    });
  return resolved;
};
