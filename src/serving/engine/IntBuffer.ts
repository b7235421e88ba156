/** A short list of integers that is filled and emptied all the time. Setting the length of an array is slow in V8; this is a count. */
export class IntBuffer {
  readonly at: Array<number> = [0];
  size = 0;

  push(value: number): void {
    const { at } = this;
    const size = this.size++;
    if (size === at.length) at.push(value | 0);
    else at[size] = value | 0;
  }

  removeAt(place: number): void {
    this.at.copyWithin(place, place + 1, this.size);
    this.size--;
  }

  /** Takes the last occurrence of a value out; its place, or -1 when there is none. */
  remove(value: number): number {
    let place = this.size - 1;
    while (place >= 0 && this.at[place] !== value) place--;
    if (place >= 0) this.removeAt(place);
    return place;
  }

  clear(): void {
    this.size = 0;
  }

  /** Sorts by the keys of the values, smallest first. Meant for a handful of values. */
  sortBy(keys: Float64Array): void {
    const { at, size } = this;
    for (let i = 1; i < size; i++) {
      const value = at[i]!;
      let hole = i;
      for (; hole > 0 && keys[at[hole - 1]!]! > keys[value]!; hole--) at[hole] = at[hole - 1]!;
      at[hole] = value;
    }
  }
}
