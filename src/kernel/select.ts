/**
 * The value that stands at `place` (from 0) when the first `length` values are sorted; reorders them, in O(length) on average.
 *
 * Source: C. A. R. Hoare, "Algorithm 65: find", CACM 4 (1961), with the median of three as the pivot.
 */
export const select = (values: Float64Array, length: number, place: number): number => {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let left = low;
    let right = high;
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left > right) break;
      const moved = values[left]!;
      values[left++] = values[right]!;
      values[right--] = moved;
    }
    if (place <= right) high = right;
    else if (place >= left) low = left;
    else return values[place]!;
  }
  return values[place]!;
};

const medianOfThree = (a: number, b: number, c: number): number => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
