import type { Fault } from "../check/Fault.ts";
import type { Path } from "../check/Path.ts";
import { memberOf } from "../check/Path.ts";

/** Collects settings that are written and change nothing. */
export class IdleNotes {
  readonly found: Array<Fault> = [];
  declare private readonly authored: unknown;

  constructor(authored: unknown) {
    this.authored = authored;
  }

  has(path: Path): boolean {
    return path.reduce(memberOf, this.authored) !== undefined;
  }

  /** The setting at a path, if it is written, does nothing when `idle`: `why`, and what to do about it. */
  note(path: Path, idle: boolean, why: string, hint: string): void {
    if (idle && this.has(path)) this.found.push({ path, constraint: `has no effect: ${why}`, hint, part: "key" });
  }
}
