import type { Document, Node, Pair, YAMLMap } from "yaml";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Fault } from "../check/Fault.ts";
import { plainCopy } from "./plainCopy.ts";
import type { Position, Source } from "./Source.ts";
import { Unreadable } from "./Source.ts";

type Locate = Source["locate"];

/** A YAML text that has been parsed, with the places of its values. */
export interface ParsedYaml {
  readonly value: unknown;
  readonly locate: Locate;
}

/** Parses a YAML text; its syntax errors are faults with places. Aliases and merge keys are resolved, at most 100 of them. */
export const readYaml = (text: string): ParsedYaml | Unreadable => {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    merge: true,
    uniqueKeys: true,
    prettyErrors: false,
  });
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    return new Unreadable(
      ...problems.map(({ message, pos }) => ({
        constraint: `syntax error: ${message}`,
        position: positionAt(pos[0]),
      })),
    );
  }
  try {
    const copied = plainCopy(document.toJS({ maxAliasCount: 100 }));
    return copied instanceof Unreadable
      ? new Unreadable(...copied.faults.map((fault) => ({ ...fault, position: positionAt(0) })))
      : { value: copied.copy, locate: locateIn(document, positionAt) };
  } catch (error) {
    return new Unreadable({
      constraint: `syntax error: ${error instanceof Error ? error.message : String(error)}`,
      position: positionAt(0),
    });
  }
};

const locateIn =
  (document: Document, positionAt: (offset: number) => Position): Locate =>
  (fault) =>
    positionAt(offsetOf(document, fault));

const offsetOf = (document: Document, { path, part = "value", offset = 0 }: Pick<Fault, "path" | "part" | "offset">): number => {
  let node = dereference(document.contents, document);
  let around = node?.range?.[0] ?? 0;
  for (const [depth, segment] of path.entries()) {
    const child = childOf(node, segment);
    if (child === undefined) return around;
    const last = depth === path.length - 1;
    const keyOffset = child.key?.range?.[0];
    const valueOffset = child.value?.range?.[0];
    if (last && part === "value" && valueOffset !== undefined) return valueOffset + offsetInText(child.value, offset);
    around = keyOffset ?? valueOffset ?? around;
    node = dereference(child.value, document);
  }
  return around;
};

const offsetInText = (node: Node | undefined, offset: number): number => {
  if (offset === 0 || !isScalar(node)) return 0;
  if (node.type === "PLAIN") return offset;
  return node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE" ? offset + 1 : 0;
};

interface Child {
  readonly key?: Node | undefined;
  readonly value?: Node | undefined;
}

const childOf = (node: Node | null | undefined, segment: string | number): Child | undefined => {
  if (isMap(node)) {
    const pair = (node as YAMLMap).items.find(({ key }) => isScalar(key) && String(key.value) === String(segment)) as
      | Pair<Node, Node>
      | undefined;
    return pair === undefined ? undefined : { key: pair.key, value: isEmpty(pair.value) ? undefined : (pair.value ?? undefined) };
  }
  const value = isSeq(node) ? (node.items[Number(segment)] as Node | undefined) : undefined;
  return value === undefined ? undefined : { value };
};

/** A key without a value has a place of no use: the end of the line. */
const isEmpty = (node: Node | null): boolean => isScalar(node) && node.value === null && node.source === "";

const dereference = (node: unknown, document: Document): Node | null | undefined =>
  isAlias(node) ? (node.resolve(document) as Node | undefined) : (node as Node | null);
