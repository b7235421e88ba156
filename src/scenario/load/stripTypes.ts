import * as nodeModule from "node:module";
import type { Position } from "./Source.ts";

/** A syntax error of a TypeScript text. */
export interface SyntaxFault {
  readonly message: string;
  readonly position: Position | undefined;
}

/**
 * Replaces the types of a TypeScript text by blanks, so that all places stay. Undefined where this Node cannot do it, or where the text uses
 * TypeScript syntax that is more than types (enums, namespaces).
 */
export const stripTypes = (text: string): string | SyntaxFault | undefined => {
  const strip = (
    nodeModule as {
      readonly stripTypeScriptTypes?: (code: string, options: { readonly sourceUrl: string }) => string;
    }
  ).stripTypeScriptTypes;
  if (strip === undefined) return undefined;
  try {
    return withoutWarnings(() => strip(text, { sourceUrl: "scenario.ts" }));
  } catch (error) {
    if (!(error instanceof Error) || (error as { readonly code?: string }).code !== "ERR_INVALID_TYPESCRIPT_SYNTAX") return undefined;
    return { message: error.message, position: caretPosition(error.stack ?? "") };
  }
};

/** The place that the head of a stack points to: `FILE:LINE`, the line (and its neighbors), and a caret below it. */
export const caretPosition = (stack: string): Position | undefined => {
  const match = /^[^\n]*:(\d+)\n(?:[^\n]*\n){1,3}?( *)\^+(?:\n|$)/u.exec(stack);
  return match === null ? undefined : { line: Number(match[1]), column: match[2]!.length + 1 };
};

/** Node warns once per run that stripping is experimental, which is of no use to the author of a scenario. */
const withoutWarnings = <T>(run: () => T): T => {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return run();
  } finally {
    process.emitWarning = emitWarning;
  }
};
