/** Which entry leaves when a cache is full. Slots are 0..entries-1. */
export interface Eviction<K> {
  add(slot: number, key: K): void;
  hit(slot: number): void;
  /** The slot that should leave next; at least one slot is in. */
  victim(): number;
  /** The slot is free again: evicted, or (`evicted` false) replaced, expired or invalidated. */
  remove(slot: number, key: K, evicted: boolean): void;
}
