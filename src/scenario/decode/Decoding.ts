import type { QuantityKind } from "../../units/Quantity.ts";
import { isQuantityFault } from "../../units/Quantity.ts";
import type { Fault } from "../check/Fault.ts";
import { quantityFault } from "../check/Fault.ts";
import type { Path } from "../check/Path.ts";
import { isMapping, isWithin } from "../check/Path.ts";

/** A value of a scenario and where it is. */
export interface At<V> {
  readonly value: V;
  readonly path: Path;
}

/** Bounds of a quantity, and how to write them. */
export interface Bounds {
  /** Excluded. */
  readonly above?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly whole?: boolean;
}

/**
 * One pass over an authored scenario that collects faults instead of stopping at the first. Parts that the structural check has already found
 * wrong are skipped. Quantities that are wrong are NaN, which makes comparisons with them false.
 */
export class Decoding {
  declare readonly faults: Array<Fault>;
  declare private readonly unsound: ReadonlyArray<Path>;

  constructor(structural: ReadonlyArray<Fault>) {
    this.faults = [...structural];
    this.unsound = structural.filter(({ harmless }) => harmless !== true).map(({ path }) => path);
  }

  reject(fault: Fault): void {
    this.faults.push(fault);
  }

  /** Whether the structural check has nothing against the value at a path. */
  isSound(path: Path): boolean {
    return !this.unsound.some((wrong) => isWithin(wrong, path) || isWithin(path, wrong));
  }

  /** Decodes a member if it is there and sound. */
  field<H extends object, K extends keyof H & string, R>(
    holder: At<H>,
    key: K,
    decode: (member: At<Exclude<H[K], undefined>>) => R,
  ): R | undefined {
    const value = Object.hasOwn(holder.value, key) ? holder.value[key] : undefined;
    const path = [...holder.path, key];
    return value === undefined || !this.isSound(path) ? undefined : decode({ value: value as Exclude<H[K], undefined>, path });
  }

  /** As `field`, for decoders that read all members of a mapping by `field`: faults below the member do not matter to them. */
  group<H extends object, K extends keyof H & string, R>(
    holder: At<H>,
    key: K,
    decode: (member: At<Exclude<H[K], undefined>>) => R,
  ): R | undefined {
    const value = Object.hasOwn(holder.value, key) ? holder.value[key] : undefined;
    const path = [...holder.path, key];
    const isWrong = !isMapping(value) || this.unsound.some((wrong) => isWithin(path, wrong));
    return isWrong ? undefined : decode({ value: value as Exclude<H[K], undefined>, path });
  }

  /** A number: `absent` where the member is absent, NaN where it is not sound. */
  number<H extends object, K extends keyof H & string>(
    holder: At<H>,
    key: K,
    absent: number,
    decode: (member: At<Exclude<H[K], undefined>>) => number,
  ): number {
    return Object.hasOwn(holder.value, key) ? (this.field(holder, key, decode) ?? NaN) : absent;
  }

  /** Decodes the sound entries of a list. */
  list<V, R>(list: At<ReadonlyArray<V>>, decode: (entry: At<V>) => R): ReadonlyArray<R> {
    return list.value.flatMap((value, i) => {
      const path = [...list.path, i];
      return this.isSound(path) ? [decode({ value, path })] : [];
    });
  }

  /** Decodes the entries of a mapping of names; each decoder skips what is unsound in its entry. */
  entries<V, R>(mapping: At<{ readonly [name: string]: V }>, decode: (entry: At<V>, name: string) => R): ReadonlyArray<R> {
    return Object.entries(mapping.value).flatMap(([name, value]) => {
      const path = [...mapping.path, name];
      return isMapping(value) ? [decode({ value, path }, name)] : [];
    });
  }

  /** Parses a quantity and checks its bounds; NaN with a fault where it is wrong. */
  quantity(kind: QuantityKind<number>, at: At<string | number>, bounds: Bounds = {}): number {
    const parsed = kind.parse(at.value);
    if (isQuantityFault(parsed)) {
      this.reject(quantityFault(at.path, parsed));
      return NaN;
    }
    const wrong = violation(kind, parsed, bounds);
    if (wrong === undefined) return parsed;
    this.reject({ path: at.path, constraint: wrong, value: at.value });
    return NaN;
  }
}

const violation = (kind: QuantityKind<number>, parsed: number, bounds: Bounds): string | undefined => {
  const { above, minimum, maximum, whole = false } = bounds;
  if (above !== undefined && !(parsed > above)) return `must be above ${kind.format(above)}`;
  if (minimum !== undefined && parsed < minimum) return `must be at least ${kind.format(minimum)}`;
  if (maximum !== undefined && parsed > maximum) return `must be at most ${kind.format(maximum)}`;
  return whole && !Number.isInteger(parsed) ? "must be a whole number" : undefined;
};
