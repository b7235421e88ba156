import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { nearest } from "../experiment/nearest.ts";
import { adapterFaults } from "../testing/adapterFaults.ts";
import { luaLimiter, ScriptUnusable } from "../testing/adapters/luaLimiter.ts";
import { SHIPPED_ADAPTERS, SHIPPED_NAMES } from "../testing/adapters/ShippedAdapters.ts";
import type { Adapter } from "../testing/adapters/ShippedAdapters.ts";

/** What was given is no target, or a target that cannot be tried out; its message says why, and what to do. */
export class TargetUnusable extends Error {
  override readonly name = "TargetUnusable";
}

/** The adapters that a target means: a shipped one, those that a module exports, or a Redis script. Rejects with TargetUnusable, LibraryMissing. */
export const adaptersOf = async (target: string): Promise<ReadonlyArray<Adapter>> => {
  const shipped = SHIPPED_ADAPTERS.get(target);
  if (shipped !== undefined) return [await shipped()];
  if (!/\.(?:lua|[cm]?[jt]s)$/.test(target)) throw new TargetUnusable(unknownTarget(target));
  if (!existsSync(target) || !statSync(target).isFile()) throw new TargetUnusable(`${target}: no such file`);
  return target.endsWith(".lua") ? [await scriptOf(target)] : exportedBy(target);
};

const scriptOf = async (target: string): Promise<Adapter> => {
  try {
    return await luaLimiter(target);
  } catch (fault) {
    throw fault instanceof ScriptUnusable ? new TargetUnusable(fault.message) : fault;
  }
};

const exportedBy = async (target: string): Promise<ReadonlyArray<Adapter>> => {
  const path = resolve(target);
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (fault) {
    throw new TargetUnusable(`${target} cannot be loaded: ${faultText(fault, path)}`, { cause: fault });
  }
  const adapters = new Set<unknown>();
  for (const [name, value] of Object.entries(module)) {
    const faults = adapterFaults(value);
    if (faults !== undefined && faults.length > 0)
      throw new TargetUnusable(`${target}: the export ${name} is no adapter yet: ${faults.join("; ")}`);
    if (faults !== undefined) adapters.add(value);
  }
  if (adapters.size === 0)
    throw new TargetUnusable(
      `${target} exports no adapter; one has family, name, laboratory, spec and make: see "Test your own" in the README`,
    );
  return [...adapters] as ReadonlyArray<Adapter>;
};

/** An error in a file of the user, with the line there where it is known. */
export const faultText = (fault: unknown, path: string): string => {
  if (!(fault instanceof Error)) return String(fault);
  const place = fault.stack?.split("\n").find((line) => line.includes(path));
  return `${fault.name}: ${fault.message}${place === undefined ? "" : `\n    ${place.trim()}`}`;
};

const unknownTarget = (target: string): string => {
  const names = [...SHIPPED_ADAPTERS.keys()];
  const close = nearest(target, names);
  return [
    `no adapter ${target}${close === undefined ? "" : `; did you mean ${close}?`}`,
    shippedText(),
    "  or give the path of a module that exports adapters (.ts, .js), or of a Redis script (.lua)",
  ].join("\n");
};

/** What can be given, for somebody who gave nothing. */
export const targetsText = (): string =>
  [
    "no target: give the name of a shipped adapter, the path of a module that exports adapters (.ts, .js), or of a Redis script (.lua)",
    shippedText(),
  ].join("\n");

const shippedText = (): string =>
  ["  shipped:", ...[...SHIPPED_NAMES].map(([family, names]) => `   ${family}\n${wrapped(names)}`)].join("\n");

/** The families of adapters, in words. */
export const FAMILIES_TEXT = [...SHIPPED_NAMES.keys()]
  .map((family) => family.replace(/[A-Z]/gu, (letter) => ` ${letter.toLowerCase()}`))
  .join(", ");

const LINE = 96;

const wrapped = (words: ReadonlyArray<string>): string => {
  const lines = [""];
  for (const word of words) {
    if (lines.at(-1)!.length + word.length > LINE) lines.push("");
    lines.push(`${lines.pop()!} ${word}`);
  }
  return lines.map((line) => `    ${line}`).join("\n");
};
