import type { AnyNode, CallExpression, Expression, Node, ObjectExpression, Program, Property, Statement, ModuleDeclaration } from "acorn";
import { parse } from "acorn";
import type { Position, Source } from "./Source.ts";

/** Places in a JavaScript module whose default export is a scenario, by walking its literals. */
export interface ModulePlaces {
  readonly locate: Source["locate"];
  /** The place of the import of a module, given how its specifier resolves. */
  readonly importOf: (matches: (specifier: string) => boolean) => { readonly specifier: string; readonly position: Position } | undefined;
}

/** Parses a module; throws acorn's SyntaxError, which has `loc`. */
export const modulePlaces = (javaScript: string): ModulePlaces => {
  const program = parse(javaScript, {
    ecmaVersion: "latest",
    sourceType: "module",
    locations: true,
    allowHashBang: true,
  });
  const scope = new Scope(program);
  const root = scope.defaultExport();
  return {
    locate: ({ path, part = "value", offset = 0 }) => {
      if (root === undefined) return undefined;
      let around: Node = root;
      let value: Expression | undefined = scope.literalOf(root);
      for (const [depth, segment] of path.entries()) {
        const child = scope.childOf(value, segment);
        if (child === undefined) break;
        if (depth === path.length - 1 && part === "value")
          return positionOf(child.value, isText(child.value) && offset > 0 ? offset + 1 : 0);
        around = child.key ?? child.value;
        value = scope.resolve(child.value);
      }
      return positionOf(around);
    },
    importOf: (matches) => {
      const found = program.body.find((statement) => "source" in statement && matches(String(statement.source?.value)));
      if (found === undefined || !("source" in found) || !found.source) return undefined;
      return { specifier: String(found.source.value), position: positionOf(found.source) };
    },
  };
};

const positionOf = (node: Node, offset = 0): Position => ({
  line: node.loc!.start.line,
  column: node.loc!.start.column + 1 + offset,
});

const isText = (node: AnyNode): boolean => node.type === "Literal" || node.type === "TemplateLiteral";

interface Child {
  readonly key?: Expression;
  readonly value: Expression;
}

/** The top-level names of a module. */
class Scope {
  declare private readonly program: Program;
  private readonly values = new Map<string, Expression>();
  private readonly returns = new Map<string, Expression>();

  constructor(program: Program) {
    this.program = program;
    for (const statement of program.body) this.remember(statement);
  }

  private remember(statement: Statement | ModuleDeclaration): void {
    const declared = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declared?.type === "FunctionDeclaration") {
      const returned = declared.body.body.find((each) => each.type === "ReturnStatement")?.argument;
      if (returned) this.returns.set(declared.id.name, returned);
    }
    if (declared?.type !== "VariableDeclaration") return;
    for (const { id, init } of declared.declarations) {
      if (id.type !== "Identifier" || !init) continue;
      this.values.set(id.name, init);
      const returned = init.type === "ArrowFunctionExpression" ? arrowResult(init.body) : undefined;
      if (returned) this.returns.set(id.name, returned);
    }
  }

  defaultExport(): Expression | undefined {
    for (const statement of this.program.body) {
      if (statement.type === "ExportDefaultDeclaration" && !statement.declaration.type.endsWith("Declaration")) {
        return statement.declaration as Expression;
      }
      if (statement.type !== "ExportNamedDeclaration") continue;
      const alias = statement.specifiers.find(({ exported }) => exported.type === "Identifier" && exported.name === "default");
      if (alias?.local.type === "Identifier") return this.values.get(alias.local.name);
    }
    return undefined;
  }

  /** The literal that becomes the scenario: through names, calls of `scenario`, and functions of this module. */
  literalOf(expression: Expression, depth = 0): Expression | undefined {
    const node = this.resolve(expression);
    if (depth > 10) return undefined;
    if (node.type !== "CallExpression") return node;
    const returned = node.callee.type === "Identifier" ? this.returns.get(node.callee.name) : undefined;
    const inner = returned ?? firstArgument(node);
    return inner === undefined ? undefined : this.literalOf(inner, depth + 1);
  }

  /** Follows names to what they were declared as. */
  resolve(expression: Expression, depth = 0): Expression {
    if (expression.type === "AwaitExpression") return this.resolve(expression.argument, depth);
    const value = expression.type === "Identifier" ? this.values.get(expression.name) : undefined;
    return value === undefined || depth > 10 ? expression : this.resolve(value, depth + 1);
  }

  childOf(node: Expression | undefined, segment: string | number): Child | undefined {
    if (node?.type === "ObjectExpression") return this.member(node, String(segment));
    if (node?.type !== "ArrayExpression") return undefined;
    const elements = node.elements.slice(0, Number(segment) + 1);
    const element = elements[Number(segment)];
    return !element || element.type === "SpreadElement" || elements.some((each) => each?.type === "SpreadElement")
      ? undefined
      : { value: element };
  }

  private member(node: ObjectExpression, key: string): Child | undefined {
    for (const property of node.properties.toReversed()) {
      if (property.type === "Property") {
        if (keyOf(property) === key) return { key: property.key as Expression, value: property.value };
        continue;
      }
      const spread = this.childOf(this.resolve(property.argument), key);
      if (spread !== undefined) return spread;
    }
    return undefined;
  }
}

const keyOf = (property: Property): string | undefined => {
  if (property.key.type === "Literal") return String(property.key.value);
  return property.key.type === "Identifier" && !property.computed ? property.key.name : undefined;
};

const firstArgument = (call: CallExpression): Expression | undefined => {
  const [first] = call.arguments;
  const { callee } = call;
  const name =
    callee.type === "Identifier"
      ? callee.name
      : callee.type === "MemberExpression" && callee.property.type === "Identifier"
        ? callee.property.name
        : "";
  return name !== "scenario" || first === undefined || first.type === "SpreadElement" ? undefined : first;
};

const arrowResult = (body: AnyNode): Expression | undefined => {
  if (body.type !== "BlockStatement") return body as Expression;
  return body.body.find((each) => each.type === "ReturnStatement")?.argument ?? undefined;
};
