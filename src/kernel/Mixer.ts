/**
 * A bijection of the 32-bit integers that scatters neighboring inputs over the whole range; returns an int32.
 *
 * Source: Chris Wellons, "Prospecting for hash functions" (2018), function triple32, public domain.
 */
export const mix = (input: number): number => {
  let x = input;
  x = Math.imul(x ^ (x >>> 17), 0xed5ad4bb);
  x = Math.imul(x ^ (x >>> 11), 0xac4c1b51);
  x = Math.imul(x ^ (x >>> 15), 0x31848bab);
  return x ^ (x >>> 14);
};
