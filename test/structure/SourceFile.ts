import { posix } from "node:path";
import { parseAst } from "vitest/node";

/** One import, re-export, dynamic import or import type of a file. */
export interface Import {
  readonly specifier: string;
  /** Path from the root of the sources for a relative specifier, as in `kernel/Kernel.ts`; undefined for packages. */
  readonly target: string | undefined;
  /** Nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

/** What the structural rules need to know of a file. */
export interface SourceFile {
  /** Path from the root of the sources, with forward slashes. */
  readonly path: string;
  readonly imports: ReadonlyArray<Import>;
  readonly exports: ReadonlyArray<string>;
  /** Uses of the machine's clock, timers or global randomness, as in `Date.now`. */
  readonly machineUses: ReadonlyArray<string>;
  /** Fields of classes that begin as undefined although their type says otherwise, as in `Kernel.grid`. */
  readonly blankFields: ReadonlyArray<string>;
}

interface SyntaxNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Parse TypeScript or JavaScript text. Throws on a syntax error. */
export function sourceFile(path: string, text: string): SourceFile {
  const imports: Array<Import> = [];
  const exports: Array<string> = [];
  const machineUses: Array<string> = [];
  const blankFields: Array<string> = [];
  visit(parseAst(text, { lang: path.endsWith(".ts") ? "ts" : "js" }), (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) {
      imports.push({ specifier, target: resolve(path, specifier), typeOnly: isTypeOnly(node) });
    }
    exports.push(...exportedNames(node));
    const use = machineUse(node);
    if (use !== undefined) machineUses.push(use);
    blankFields.push(...blankFieldsOf(node));
  });
  return { path, imports, exports, machineUses, blankFields };
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && typeof (value as SyntaxNode).type === "string";
}

function visit(value: unknown, see: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see);
  if (!isNode(value)) return;
  see(value);
  for (const child of Object.values(value)) if (typeof child === "object") visit(child, see);
}

function resolve(path: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined;
}

function specifierOf(node: SyntaxNode): string | undefined {
  const mayImport = ["ImportDeclaration", "ExportNamedDeclaration", "ExportAllDeclaration", "ImportExpression", "TSImportType"];
  if (!mayImport.includes(node.type) || !isNode(node["source"])) return undefined;
  const specifier = node["source"]["value"];
  // What a dynamic import computes cannot be checked.
  return typeof specifier === "string" ? specifier : undefined;
}

function isTypeOnly(node: SyntaxNode): boolean {
  if (node.type === "TSImportType" || node["importKind"] === "type" || node["exportKind"] === "type") return true;
  const specifiers = (node["specifiers"] ?? []) as ReadonlyArray<SyntaxNode>;
  return specifiers.length > 0 && specifiers.every((one) => one["importKind"] === "type" || one["exportKind"] === "type");
}

function nameOf(node: unknown): string {
  return isNode(node) ? String(node["name"] ?? node["value"] ?? "") : "";
}

function exportedNames(node: SyntaxNode): ReadonlyArray<string> {
  if (node.type === "ExportDefaultDeclaration") return ["default"];
  if (node.type !== "ExportNamedDeclaration") return [];
  const declaration = node["declaration"];
  if (!isNode(declaration)) return (node["specifiers"] as ReadonlyArray<SyntaxNode>).map((one) => nameOf(one["exported"]));
  const declared = declaration["declarations"] as ReadonlyArray<SyntaxNode> | undefined;
  return declared === undefined ? [nameOf(declaration["id"])] : declared.map((one) => nameOf(one["id"]));
}

const MACHINE_MEMBERS = new Set([
  "Math.random",
  "Date.now",
  "performance.now",
  "process.hrtime",
  "process.cpuUsage",
  "globalThis.setTimeout",
  "globalThis.setInterval",
  "crypto.randomUUID",
  "crypto.getRandomValues",
]);
const MACHINE_CALLS = new Set(["setTimeout", "setInterval", "Date"]);

function machineUse(node: SyntaxNode): string | undefined {
  if (node.type === "MemberExpression") {
    const member = `${nameOf(node["object"])}.${nameOf(node["property"])}`;
    return MACHINE_MEMBERS.has(member) ? member : undefined;
  }
  const callee = nameOf(node["callee"]);
  if (node.type === "NewExpression" && callee === "Date") return "new Date(";
  return node.type === "CallExpression" && MACHINE_CALLS.has(callee) ? `${callee}(` : undefined;
}

/** `declare` and an initial value are fine, and so is a type with undefined. Private names (#) cannot be declared. */
function blankFieldsOf(node: SyntaxNode): ReadonlyArray<string> {
  if (node.type !== "ClassBody") return [];
  return (node["body"] as ReadonlyArray<SyntaxNode>)
    .filter((member) => member.type === "PropertyDefinition" && !isNode(member["value"]) && member["declare"] !== true)
    .filter((member) => isNode(member["key"]) && member["key"].type === "Identifier" && member["optional"] !== true)
    .filter((member) => !mayBeUndefined(member["typeAnnotation"]))
    .map((member) => nameOf(member["key"]));
}

function mayBeUndefined(annotation: unknown): boolean {
  const type = isNode(annotation) ? annotation["typeAnnotation"] : undefined;
  if (!isNode(type)) return true;
  const types = type.type === "TSUnionType" ? (type["types"] as ReadonlyArray<SyntaxNode>) : [type];
  return types.some((one) => one.type === "TSUndefinedKeyword");
}
