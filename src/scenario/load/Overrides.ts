import { parseDocument } from "yaml";
import type { Fault } from "../check/Fault.ts";
import type { Path } from "../check/Path.ts";
import { formatPath, isMapping, isWithin, memberOf } from "../check/Path.ts";
import { plainCopy } from "./plainCopy.ts";
import { Unreadable } from "./Source.ts";

/** A path and the text of the value that it gets, as in `--set PATH=VALUE`. */
export type Setting = readonly [path: string, value: string];

/** An authored scenario after settings. */
export interface Overridden {
  readonly authored: unknown;
  /** Settings that could not be applied, with the setting that is at fault. */
  readonly faults: ReadonlyArray<{ readonly fault: Fault; readonly place: string }>;
  /** The setting that a value comes from, if any. */
  readonly originOf: (path: Path) => string | undefined;
}

const SEGMENT = /\.?([^.[\]]+)|\[(\d+)\]|\["([^"]*)"\]/uy;

/** Reads `traffic.chat.spikes[0].square` or `quantiles["p99.9"]`; undefined where it is not a path. */
const parsePath = (text: string): Path | undefined => {
  const path: Array<string | number> = [];
  SEGMENT.lastIndex = 0;
  while (SEGMENT.lastIndex < text.length) {
    const match = SEGMENT.exec(text);
    if (match === null) return undefined;
    path.push(match[2] === undefined ? (match[1] ?? match[3])! : Number(match[2]));
  }
  return path.length === 0 || path.includes("__proto__") ? undefined : path;
};

/** Reads a value as YAML (and so JSON); a text that is no YAML and does not look like a list or mapping is taken as it stands. */
const parseValue = (text: string): { readonly value: unknown } | string => {
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error === undefined && !/^[*&!]/u.test(text)) {
    const copied = plainCopy(document.toJS({ maxAliasCount: 0 }));
    return copied instanceof Unreadable ? "must not contain itself" : { value: copied.copy };
  }
  return /^\s*[[{"']/u.test(text) ? `syntax error: ${error?.message ?? ""}` : { value: text };
};

/** Applies settings in their order to a copy of an authored scenario. Missing keys are created; null removes a key. */
export const applyOverrides = (authored: unknown, settings: ReadonlyArray<Setting>): Overridden => {
  const copied = plainCopy(authored);
  const root = copied instanceof Unreadable ? authored : copied.copy;
  const faults: Array<Overridden["faults"][number]> = [];
  const origins: Array<{ readonly path: Path; readonly place: string }> = [];
  for (const [text, written] of settings) {
    const place = `--set ${text}`;
    const path = parsePath(text);
    const parsed = parseValue(written);
    if (path === undefined) {
      const hint = "write keys with dots between them, as traffic.chat.prompt or faults[0].replicaDown.at";
      faults.push({ place, fault: { path: [], constraint: "must be a path", value: text, hint } });
    } else if (typeof parsed === "string") {
      faults.push({
        place,
        fault: {
          path,
          constraint: parsed,
          value: written,
          hint: "write a value as in YAML or JSON",
        },
      });
    } else {
      const created = isMapping(root) ? put(root, path, parsed.value) : path;
      if ("constraint" in created) faults.push({ place, fault: created });
      else origins.push({ path: created, place });
    }
  }
  const originOf = (path: Path) => origins.findLast((origin) => isWithin(path, origin.path))?.place;
  return { authored: root, faults, originOf };
};

/** Sets a value deep in a mapping and gives the path of the uppermost thing that is new; or says why it cannot. */
const put = (root: object, path: Path, value: unknown): Path | Fault => {
  let holder: unknown = root;
  let created: Path | undefined;
  for (const [depth, segment] of path.entries()) {
    const here = path.slice(0, depth + 1);
    const wrong = whyNotIn(holder, segment, here);
    if (wrong !== undefined) return wrong;
    const member = memberOf(holder, segment);
    const next = path[depth + 1];
    if (next === undefined) {
      assign(holder as object, segment, value);
    } else if (member === undefined || member === null) {
      created ??= here;
      assign(holder as object, segment, typeof next === "number" ? [] : {});
    }
    holder = memberOf(holder, segment);
  }
  return created ?? path;
};

const whyNotIn = (holder: unknown, segment: string | number, path: Path): Fault | undefined => {
  const parent = path.slice(0, -1);
  if (Array.isArray(holder)) {
    if (/^\d+$/u.test(String(segment)) && Number(segment) <= holder.length) return undefined;
    const constraint = holder.length === 0 ? "must be index 0 of an empty list" : `must be an index from 0 to ${holder.length}`;
    return { path: parent, constraint, value: segment };
  }
  if (isMapping(holder)) return undefined;
  return {
    path: parent,
    constraint: "must be a mapping to be set below",
    value: holder,
    hint: `set ${formatPath(parent)} as a whole`,
  };
};

const assign = (holder: object, segment: string | number, value: unknown): void => {
  if (Array.isArray(holder)) {
    if (value === null) holder.splice(Number(segment), 1);
    else holder[Number(segment)] = value;
  } else if (value === null) delete (holder as { [key: string]: unknown })[segment];
  else (holder as { [key: string]: unknown })[segment] = value;
};
