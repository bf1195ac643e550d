/**
 * MurmurHash3 x86_128 (Appleby, https://github.com/aappleby/smhasher), its first 64 bits: how a key of text becomes a number.
 * Two of n keys share a number with a probability of n² / 2⁶⁵: 3 in 10⁸ for a million keys, 3 in 10⁴ for a hundred million.
 * Such a pair would count as one object. Not meant for keys that someone chose to collide.
 * @param bytes - The key is `bytes[from]` to `bytes[to − 1]`.
 * @param seed - Keys under different seeds are different keys.
 * @param into - Takes the low half at 0 and the high half at 1.
 */
export function hashKey(
  bytes: Uint8Array,
  from: number,
  to: number,
  seed: number,
  into: Int32Array,
): void {
  let h1 = seed | 0;
  let h2 = h1;
  let h3 = h1;
  let h4 = h1;
  let at = from;
  for (; at + 16 <= to; at += 16) {
    h1 = (rotate(h1 ^ mix1(word(bytes, at)), 19) + h2) | 0;
    h1 = (Math.imul(h1, 5) + 0x561c_cd1b) | 0;
    h2 = (rotate(h2 ^ mix2(word(bytes, at + 4)), 17) + h3) | 0;
    h2 = (Math.imul(h2, 5) + 0x0bca_a747) | 0;
    h3 = (rotate(h3 ^ mix3(word(bytes, at + 8)), 15) + h4) | 0;
    h3 = (Math.imul(h3, 5) + 0x96cd_1c35) | 0;
    h4 = (rotate(h4 ^ mix4(word(bytes, at + 12)), 13) + h1) | 0;
    h4 = (Math.imul(h4, 5) + 0x32ac_3b17) | 0;
  }
  h1 ^= mix1(rest(bytes, at, to));
  h2 ^= mix2(rest(bytes, at + 4, to));
  h3 ^= mix3(rest(bytes, at + 8, to));
  h4 ^= mix4(rest(bytes, at + 12, to));

  const length = to - from;
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = avalanche(h2 + h1);
  h3 = avalanche(h3 + h1);
  h4 = avalanche(h4 + h1);
  h1 = (avalanche(h1) + h2 + h3 + h4) | 0;
  into[0] = h1;
  into[1] = h1 + h2;
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
const mix1 = (k: number): number => Math.imul(rotate(Math.imul(k, 0x239b_961b), 15), 0xab0e_9789);
const mix2 = (k: number): number => Math.imul(rotate(Math.imul(k, 0xab0e_9789), 16), 0x38b3_4ae5);
const mix3 = (k: number): number => Math.imul(rotate(Math.imul(k, 0x38b3_4ae5), 17), 0xa1e3_8b93);
const mix4 = (k: number): number => Math.imul(rotate(Math.imul(k, 0xa1e3_8b93), 18), 0x239b_961b);

function avalanche(sum: number): number {
  let hash = sum | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

/** Four bytes, the lowest first. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** The same at a key's end: what lies behind it counts as zero. */
function rest(bytes: Uint8Array, at: number, to: number): number {
  let value = 0;
  for (let i = at; i < to && i < at + 4; i += 1) value |= bytes[i]! << (8 * (i - at));
  return value;
}
