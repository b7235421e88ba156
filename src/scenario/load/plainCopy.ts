import { Unreadable } from "./Source.ts";

const DEEPEST = 100;

/**
 * Copies mappings and lists, without undefined members, so that later steps own what they change. Everything else stays as it is.
 * Values that contain themselves, or nest deeper than 100 levels, are refused; members that throw when they are read, too.
 */
export const plainCopy = (value: unknown): { readonly copy: unknown } | Unreadable => {
  try {
    return { copy: copyAt(value, 0) };
  } catch (error) {
    if (error instanceof Unreadable) return error;
    return new Unreadable({
      constraint: "must be plain values",
      value: String(error),
      hint: "a member could not be read",
    });
  }
};

const copyAt = (value: unknown, depth: number): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEEPEST) {
    throw new Unreadable({
      constraint: `must not nest deeper than ${DEEPEST} levels`,
      hint: "does a value contain itself?",
    });
  }
  if (Array.isArray(value)) return value.map((member: unknown) => copyAt(member, depth + 1));
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, copyAt(member, depth + 1)]));
};
