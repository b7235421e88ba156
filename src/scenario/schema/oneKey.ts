import * as Schema from "effect/Schema";

/** An object with exactly one of the keys of T: `OneKey<{ a: A; b: B }>` is `{ a: A } | { b: B }`, and both at once is a type error. */
export type OneKey<T> = {
  readonly [K in keyof T]: { readonly [P in K]: T[K] } & {
    readonly [P in Exclude<keyof T, K>]?: never;
  };
}[keyof T];

/** A union of objects with a single key, which says what the object is: `{ poisson: ... }` or `{ gamma: ... }`. */
export const oneKey = <T extends { readonly [key: string]: unknown }>(members: {
  readonly [K in keyof T]: Schema.Codec<T[K]>;
}): Schema.Codec<OneKey<T>> =>
  Schema.Union(
    Object.entries<Schema.Codec<unknown>>(members).map(([key, member]) => Schema.Struct({ [key]: member })),
  ) as unknown as Schema.Codec<OneKey<T>>;
