import { createHash } from "node:crypto";

/** JSON with sorted keys and without undefined members: equal for equal values, whatever the order of their keys. */
const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
};

/** The first 12 hexadecimal digits of the SHA-256 of the canonical JSON of an authored scenario, without its seed and its `$schema`. */
export const digestOf = (authored: object): string => {
  const { seed: _seed, $schema: _schema, ...rest } = authored as { readonly [key: string]: unknown };
  return createHash("sha256").update(canonicalJson(rest)).digest("hex").slice(0, 12);
};
