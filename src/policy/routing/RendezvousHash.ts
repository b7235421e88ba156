/** 2^32 over the golden ratio, odd: consecutive replicas land far apart before mixing. */
const SPREAD = 0x9e3779b9;

/** A 32-bit key of a whole number in +-2^53; all its bits count. */
export function prefixKey(prefixHash: number): number {
  return mix((prefixHash | 0) ^ mix(Math.floor(prefixHash / 4294967296) + SPREAD));
}

/** How much this replica wants this key, a signed 32-bit number: the highest bidder owns it. Distinct for distinct replicas. */
export function rendezvousScore(key: number, replica: number): number {
  return mix(key + Math.imul(replica + 1, SPREAD));
}

/** A bijection of 32 bits in which each input bit flips each output bit about half of the time. Source: Appleby, MurmurHash3, fmix32. */
function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
