/** Doubly linked lists over slots 0..slots-1, each slot in at most one list; fixed memory, all O(1). */
export class Chains {
  readonly #slots: number;
  readonly #next: Int32Array;
  readonly #before: Int32Array;

  constructor(slots: number, lists: number) {
    this.#slots = slots;
    // Each list begins and ends at a node of its own behind the slots.
    this.#next = Int32Array.from({ length: slots + lists }, (_, node) => node);
    this.#before = Int32Array.from(this.#next);
  }

  /** The slot pushed last of those in the list, -1 when it is empty. */
  front(list: number): number {
    return this.#slotOr(this.#next[this.#slots + list]!);
  }

  back(list: number): number {
    return this.#slotOr(this.#before[this.#slots + list]!);
  }

  /** The slot behind this one, -1 at the end. */
  after(slot: number): number {
    return this.#slotOr(this.#next[slot]!);
  }

  pushFront(slot: number, list: number): void {
    this.#link(slot, this.#slots + list);
  }

  /** Puts a slot behind another one that is in a list. */
  insertAfter(slot: number, at: number): void {
    this.#link(slot, at);
  }

  unlink(slot: number): void {
    const next = this.#next[slot]!;
    const before = this.#before[slot]!;
    this.#next[before] = next;
    this.#before[next] = before;
    this.#next[slot] = slot;
    this.#before[slot] = slot;
  }

  #link(slot: number, at: number): void {
    const next = this.#next[at]!;
    this.#next[slot] = next;
    this.#before[slot] = at;
    this.#next[at] = slot;
    this.#before[next] = slot;
  }

  #slotOr(node: number): number {
    return node < this.#slots ? node : -1;
  }
}
