/** Whom each leaf of a winner tree wakes, and with what: three columns that grow together. */
export class Targets {
  actors: Int32Array = new Int32Array(4);
  ops: Int32Array = new Int32Array(4);
  refs: Int32Array = new Int32Array(4);
  private size = 0;

  add(actor: number, op: number, ref: number): void {
    if (this.size === this.actors.length) {
      this.actors = doubled(this.actors);
      this.ops = doubled(this.ops);
      this.refs = doubled(this.refs);
    }
    this.actors[this.size] = actor;
    this.ops[this.size] = op;
    this.refs[this.size++] = ref;
  }
}

const doubled = (column: Int32Array): Int32Array => {
  const wider = new Int32Array(column.length * 2);
  wider.set(column);
  return wider;
};
