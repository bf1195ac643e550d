/**
 * A stream of numbers in [0, 1) that depends on seed and name alone: sfc32 (Doty-Humphrey's PractRand), its state filled by
 * splitmix32. Streams of other names are independent, so that a further draw in one place moves nothing elsewhere.
 * @param seed - A whole number from 0.
 * @param stream - What is drawn, e.g. `'arrivals'`.
 */
export function randomStream(seed: number, stream: string): () => number {
  let mixed = (seed ^ hashOf(stream)) | 0;
  const next = (): number => {
    mixed = (mixed + 0x9e37_79b9) | 0;
    let word = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a_2d97);
    return word ^ (word >>> 15);
  };
  let a = next();
  let b = next();
  let c = (next() ^ Math.floor(seed / 2 ** 32)) | 0;
  let counter = 1;
  const draw = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first words still show the seed's bits.
  for (let skipped = 0; skipped < 12; skipped += 1) draw();
  return draw;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return hash;
}

/** A draw from the exponential distribution: the gap to the next arrival of a Poisson process. */
export function exponential(random: () => number, mean: number): number {
  return -mean * Math.log(1 - random());
}
