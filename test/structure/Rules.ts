import type { Import, SourceFile } from "./SourceFile.ts";

/** What a folder may import: `units` (all of it), `type serving` (its types only), `serving/catalog` (whatever starts with that path). */
export type ImportTable = { readonly [folder: string]: ReadonlyArray<string> };

/** The first folder of a path; files at the root of the sources belong to `.`. */
function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : ".";
}

/** Imports that the table does not allow. A folder is always open to itself. */
export function wrongDirections(files: ReadonlyArray<SourceFile>, table: ImportTable): ReadonlyArray<string> {
  return files.flatMap((file) => {
    const folder = folderOf(file.path);
    const allowed = table[folder];
    if (allowed === undefined) return [`${file.path}: folder ${folder} is not in the import table`];
    return file.imports.filter((one) => !isAllowed(one, folder, allowed)).map((one) => fault(file, one));
  });
}

function isAllowed(one: Import, folder: string, allowed: ReadonlyArray<string>): boolean {
  const target = one.target;
  // Packages are the pure folders' rule; JSON is read, not depended upon.
  if (target === undefined || target.endsWith(".json") || folderOf(target) === folder) return true;
  return allowed.some((entry) => {
    const [path, typesOnly] = entry.startsWith("type ") ? [entry.slice(5), true] : [entry, false];
    const inside = path.includes("/") ? target.startsWith(path) : folderOf(target) === path;
    return inside && (one.typeOnly || !typesOnly);
  });
}

function fault(file: SourceFile, one: Import): string {
  return `${file.path}: imports ${one.typeOnly ? "type " : ""}${one.specifier}`;
}

/** Imports of anything but relative files (Effect, Node, packages) in the given folders. */
export function impureImports(files: ReadonlyArray<SourceFile>, pureFolders: ReadonlyArray<string>): ReadonlyArray<string> {
  return files
    .filter((file) => pureFolders.includes(folderOf(file.path)))
    .flatMap((file) => file.imports.filter((one) => one.target === undefined).map((one) => fault(file, one)));
}

/** Import cycles between files, type imports included, each once as `a -> b -> a`. */
export function importCycles(files: ReadonlyArray<SourceFile>): ReadonlyArray<string> {
  const imports = new Map(files.map((file) => [file.path, file.imports.flatMap((one) => one.target ?? [])]));
  const done = new Set<string>();
  const cycles: Array<string> = [];
  const walk = (path: string, trail: ReadonlyArray<string>): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || done.has(path)) return;
    for (const target of imports.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) walk(path, []);
  return cycles;
}

/** Clocks, timers and global randomness outside the given folders. */
export function machineUsesOutside(files: ReadonlyArray<SourceFile>, edges: ReadonlyArray<string>): ReadonlyArray<string> {
  return files
    .filter((file) => !edges.includes(folderOf(file.path)))
    .flatMap((file) => file.machineUses.map((use) => `${file.path}: ${use}`));
}

/** Fields that begin as undefined, in the given folders: in hot classes each costs a check of its kind at every read. */
export function blankFieldsIn(files: ReadonlyArray<SourceFile>, hot: ReadonlyArray<string>): ReadonlyArray<string> {
  return files
    .filter((file) => hot.includes(folderOf(file.path)))
    .flatMap((file) => file.blankFields.map((field) => `${file.path}: ${field} needs "declare" or a first value`));
}

/** Default exports. */
export function defaultExports(files: ReadonlyArray<SourceFile>): ReadonlyArray<string> {
  return files.filter((file) => file.exports.includes("default")).map((file) => `${file.path}: default export`);
}

const FORBIDDEN_NAMES = /^(data|info|manager|helper|util|common|misc|process|handle|temp)s?$/i;

/** Files that are not in PascalCase, and files and folders with a forbidden name, also as last word (`QueueManager`). */
export function wrongNames(files: ReadonlyArray<SourceFile>): ReadonlyArray<string> {
  return files.flatMap((file) => {
    const names = file.path.replace(/\.[jt]s$/, "").split("/");
    const forbidden = names.filter((name) => FORBIDDEN_NAMES.test(wordsOf(name).at(-1) ?? ""));
    const name = names.at(-1) ?? "";
    const named = /^([A-Z][A-Za-z0-9]*|index|main|bin)$/.test(name) || file.exports.includes(name);
    return [
      ...forbidden.map((name) => `${file.path}: ${name} says nothing`),
      ...(named ? [] : [`${file.path}: a file is named after its concept in PascalCase, or exactly as a function it exports`]),
    ];
  });
}

/** `stepTimes` -> step, times; `LRUCache` -> lru, cache. */
function wordsOf(name: string): ReadonlyArray<string> {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z])([A-Z][a-z])/g, "$1 $2");
  return words.toLowerCase().split(/[^a-z0-9]+/);
}
