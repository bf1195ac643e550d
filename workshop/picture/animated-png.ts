import UPNG from 'upng-js';

/** One screenshot and for how long it stands. */
export interface Frame {
  png: Uint8Array;
  showMs: number;
}

/**
 * Screenshots of one size as an animated PNG that loops, or a still one from a single frame. All frames share one palette,
 * and each holds only the rectangle that changed: a page in flat colours stays small.
 * @param colours - Of the palette, 2 to 256.
 * @throws RangeError without a frame, or where the sizes differ.
 */
export function animatedPng(frames: readonly Frame[], colours: number): Uint8Array {
  const [first, ...others] = withoutRepeats(frames).map(({ png, showMs }) => ({
    image: UPNG.decode(toArrayBuffer(png)),
    showMs,
  }));
  if (first === undefined) throw new RangeError('animatedPng: no frame');
  const { width, height } = first.image;
  for (const { image } of others) {
    if (image.width !== width || image.height !== height)
      throw new RangeError(
        `animatedPng: a frame has ${image.width} x ${image.height} px, the first one ${width} x ${height}`,
      );
  }
  const all = [first, ...others];
  const pixels = all.map(({ image }) => UPNG.toRGBA8(image)[0] ?? new ArrayBuffer(0));
  const times = all.map(({ showMs }) => showMs);
  return new Uint8Array(UPNG.encode(pixels, width, height, colours, times));
}

/** A screenshot that is the one before again only prolongs it. */
function withoutRepeats(frames: readonly Frame[]): Frame[] {
  const kept: Frame[] = [];
  for (const frame of frames) {
    const before = kept.at(-1);
    if (before !== undefined && Buffer.compare(before.png, frame.png) === 0)
      kept[kept.length - 1] = { ...before, showMs: before.showMs + frame.showMs };
    else kept.push(frame);
  }
  return kept;
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
