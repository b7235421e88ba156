/** Where a value is in a scenario: keys of mappings and indexes of lists, from the root. */
export type Path = ReadonlyArray<string | number>;

const PLAIN_KEY = /^[A-Za-z_$][A-Za-z0-9_$-]*$/u;

/** Prints a path as `traffic.chat.spikes[0].square.at`. */
export const formatPath = (path: Path): string =>
  path.reduce<string>((text, segment) => {
    if (typeof segment === "number") return `${text}[${segment}]`;
    if (!PLAIN_KEY.test(segment)) return `${text}[${JSON.stringify(segment)}]`;
    return text === "" ? segment : `${text}.${segment}`;
  }, "");

/** Whether `path` is `prefix` or lies below it. */
export const isWithin = (path: Path, prefix: Path): boolean =>
  prefix.length <= path.length && prefix.every((segment, i) => String(segment) === String(path[i]));

/** A mapping, not a list. */
export const isMapping = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The own member of a mapping or list, undefined where there is none. */
export const memberOf = (value: unknown, segment: string | number): unknown => {
  if (Array.isArray(value)) return (value as ReadonlyArray<unknown>)[Number(segment)];
  return isMapping(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
};
