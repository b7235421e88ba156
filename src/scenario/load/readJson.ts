import type { ParsedYaml } from "./readYaml.ts";
import { readYaml } from "./readYaml.ts";
import type { Position } from "./Source.ts";
import { Unreadable } from "./Source.ts";

/** Parses a JSON text. What is YAML but not JSON (comments, trailing commas, bare keys) is refused; duplicate keys are too. */
export const readJson = (text: string): ParsedYaml | Unreadable => {
  const bare = text.startsWith("\uFEFF") ? ` ${text.slice(1)}` : text;
  try {
    JSON.parse(bare);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const offset = positionIn(message) ?? firstWrongOffset(bare);
    return new Unreadable({
      constraint: `syntax error: ${withoutPlace(message)}`,
      position: positionOf(bare, offset),
    });
  }
  // A tab indents in JSON, which YAML forbids; a space keeps all places.
  return readYaml(bare.replaceAll("\t", " "));
};

const withoutPlace = (message: string): string => message.split(/ in JSON at position |, (?:\.\.\.)?"/u, 1)[0]!;

const positionIn = (message: string): number | undefined => {
  const match = /at position (\d+)/u.exec(message);
  return match === null ? undefined : Number(match[1]);
};

/** The length of the longest beginning of the text that could still become JSON. */
const firstWrongOffset = (text: string): number => {
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (couldContinue(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
};

const couldContinue = (beginning: string): boolean => {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    return /Unexpected end|Unterminated/u.test(message) || positionIn(message) === beginning.length;
  }
};

const positionOf = (text: string, offset: number): Position => {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
};
