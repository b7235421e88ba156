// Entries lie in parallel arrays: times and slots in their order, keys by slot. A key decides at equal times only, so
// that moving an entry need not touch it.

/** Sorted order, the first event last: moves the entry at `from`, behind all others, to its place. O(n), fast for few. */
export const insertSorted = (timesMs: Float64Array, slots: Int32Array, keys: Float64Array, from: number): void => {
  const ms = timesMs[from]!;
  const slot = slots[from]!;
  let hole = from;
  while (hole > 0) {
    const beforeMs = timesMs[hole - 1]!;
    if (beforeMs > ms || (beforeMs === ms && keys[slots[hole - 1]!]! > keys[slot]!)) break;
    timesMs[hole] = beforeMs;
    slots[hole] = slots[hole - 1]!;
    hole--;
  }
  timesMs[hole] = ms;
  slots[hole] = slot;
};

/** Heap order, the first event first: moves the entry at `from` up to its place. */
export const riseInHeap = (timesMs: Float64Array, slots: Int32Array, keys: Float64Array, from: number): void => {
  const ms = timesMs[from]!;
  const slot = slots[from]!;
  let hole = from;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    const parentMs = timesMs[parent]!;
    if (parentMs < ms || (parentMs === ms && keys[slots[parent]!]! < keys[slot]!)) break;
    timesMs[hole] = parentMs;
    slots[hole] = slots[parent]!;
    hole = parent;
  }
  timesMs[hole] = ms;
  slots[hole] = slot;
};

/** Heap order of the first `size` entries: puts the entry at `from` into the hole at `start` or below it. */
export const sinkInHeap = (
  timesMs: Float64Array,
  slots: Int32Array,
  keys: Float64Array,
  start: number,
  from: number,
  size: number,
): void => {
  const ms = timesMs[from]!;
  const slot = slots[from]!;
  let hole = start;
  let child = 2 * hole + 1;
  while (child < size) {
    const right = child + 1;
    let childMs = timesMs[child]!;
    if (right < size) {
      const rightMs = timesMs[right]!;
      if (rightMs < childMs || (rightMs === childMs && keys[slots[right]!]! < keys[slots[child]!]!)) {
        child = right;
        childMs = rightMs;
      }
    }
    if (ms < childMs || (ms === childMs && keys[slot]! < keys[slots[child]!]!)) break;
    timesMs[hole] = childMs;
    slots[hole] = slots[child]!;
    hole = child;
    child = 2 * hole + 1;
  }
  timesMs[hole] = ms;
  slots[hole] = slot;
};

/** Turns the sorted order of the first `size` entries into heap order: a rising sequence is a heap. */
export const sortedToHeap = (timesMs: Float64Array, slots: Int32Array, size: number): void => {
  timesMs.subarray(0, size).reverse();
  slots.subarray(0, size).reverse();
};
