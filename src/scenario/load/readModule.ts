import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { componentsOf } from "../Scenario.ts";
import type { ModulePlaces } from "./modulePlaces.ts";
import { modulePlaces } from "./modulePlaces.ts";
import { plainCopy } from "./plainCopy.ts";
import type { Position, Source } from "./Source.ts";
import { Unreadable } from "./Source.ts";
import { caretPosition, stripTypes } from "./stripTypes.ts";

const EXPORT_HINT = "write export default scenario({ ... })";

/** Imports a TypeScript or JavaScript file and takes its default export. Never rejects. */
export const readModule = async (file: string, text: string): Promise<Source | Unreadable> => {
  const url = pathToFileURL(resolve(file));
  const module = new ModuleText(file, text);
  let exports: { readonly [name: string]: unknown };
  try {
    exports = (await import(url.href)) as { readonly [name: string]: unknown };
  } catch (error) {
    return whyNotImported(error, module, url);
  }
  const exported = defaultOf(exports);
  if (exported === undefined) {
    return new Unreadable({
      constraint: "must have a default export",
      hint: EXPORT_HINT,
      position: { line: 1, column: 1 },
    });
  }
  const locate: Source["locate"] = (fault) => module.places()?.locate(fault) ?? { line: 1, column: 1 };
  if (typeof exported !== "object" || exported === null) {
    const position = locate({ path: [] });
    return new Unreadable({
      constraint: "must have a scenario as its default export",
      value: exported,
      hint: EXPORT_HINT,
      position,
    });
  }
  const copied = plainCopy(exported);
  if (copied instanceof Unreadable) return new Unreadable(...copied.faults.map((fault) => ({ ...fault, position: locate({ path: [] }) })));
  return { file, authored: copied.copy, locate, components: componentsOf(exported) };
};

/** CommonJS interoperation wraps the default export once more. */
const defaultOf = (exports: { readonly [name: string]: unknown }): unknown => {
  const exported = exports["default"];
  const isWrapped = typeof exported === "object" && exported !== null && "__esModule" in exported;
  return isWrapped ? (exported as { readonly default?: unknown }).default : exported;
};

/** The text of a module, parsed when a place is asked for, once. */
class ModuleText {
  declare readonly file: string;
  declare readonly text: string;
  private parsed: { readonly places: ModulePlaces | undefined } | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  get isTypeScript(): boolean {
    return /\.[mc]?ts$/u.test(this.file);
  }

  places(): ModulePlaces | undefined {
    this.parsed ??= { places: this.parse() };
    return this.parsed.places;
  }

  /** The first syntax error of the text, if it has one that can be found without running it. */
  syntaxFault(): { readonly message: string; readonly position: Position | undefined } | undefined {
    const javaScript = this.isTypeScript ? stripTypes(this.text) : this.text;
    if (typeof javaScript === "object") return javaScript;
    try {
      if (javaScript !== undefined) modulePlaces(javaScript);
      return undefined;
    } catch (error) {
      const { message, loc } = error as SyntaxError & {
        readonly loc?: { readonly line: number; readonly column: number };
      };
      const position = loc === undefined ? undefined : { line: loc.line, column: loc.column + 1 };
      return { message: message.replace(/ \(\d+:\d+\)$/u, ""), position };
    }
  }

  private parse(): ModulePlaces | undefined {
    const javaScript = this.isTypeScript ? stripTypes(this.text) : this.text;
    if (typeof javaScript !== "string") return undefined;
    try {
      return modulePlaces(javaScript);
    } catch {
      return undefined;
    }
  }
}

const whyNotImported = (error: unknown, module: ModuleText, url: URL): Unreadable => {
  const syntax = module.syntaxFault();
  if (syntax !== undefined)
    return new Unreadable({
      constraint: `syntax error: ${firstLine(syntax.message)}`,
      position: syntax.position,
    });
  const message = firstLine(error instanceof Error ? error.message : String(error));
  const start = { line: 1, column: 1 };
  const missing = missingImport(error);
  if (missing !== undefined) {
    const found = module.places()?.importOf((specifier) => specifier === missing || resolvesTo(specifier, url, missing));
    const { specifier, position } = found ?? { specifier: missing, position: start };
    return new Unreadable({
      constraint: "imports a module that is not there",
      value: specifier,
      position,
    });
  }
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const position =
    framePosition(stack, url) ?? (stack.startsWith(url.pathname) || stack.startsWith(url.href) ? caretPosition(stack) : undefined);
  return new Unreadable({
    constraint: "must run without an error",
    value: message,
    position: position ?? start,
  });
};

const firstLine = (message: string): string => message.split("\n", 1)[0]!;

/** The module that an import did not find: the URL or package that Node's (or vite's) error names. */
const missingImport = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  const { code, url } = error as { readonly code?: string; readonly url?: string };
  const isMissing =
    code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || /^(?:Cannot find|Failed to load)/u.test(error.message);
  if (!isMissing) return undefined;
  return url ?? /'([^']+)'/u.exec(error.message)?.[1];
};

const resolvesTo = (specifier: string, from: URL, missing: string): boolean => {
  if (!specifier.startsWith(".") && !specifier.startsWith("/")) return false;
  const resolved = new URL(specifier, from);
  return resolved.href === missing || resolved.pathname === missing;
};

/** The innermost stack frame in the file itself. */
const framePosition = (stack: string, url: URL): Position | undefined => {
  for (const line of stack.split("\n")) {
    const at = Math.max(line.indexOf(url.pathname), line.indexOf(url.href));
    const match = at === -1 ? null : /:(\d+):(\d+)\)?$/u.exec(line);
    if (match !== null) return { line: Number(match[1]), column: Number(match[2]) };
  }
  return undefined;
};
