/** Whom each leaf of a winner tree wakes, and with what. */
export class Targets {
  readonly actors: Array<number> = [];
  readonly ops: Array<number> = [];
  readonly refs: Array<number> = [];

  add(actor: number, op: number, ref: number): void {
    this.actors.push(actor);
    this.ops.push(op);
    this.refs.push(ref);
  }
}
