import UPNG from 'upng-js';
import { expect, test } from 'vitest';
import { animatedPng } from './animated-png.ts';

/** A picture of one colour with a square of another. */
function picture(squareAt: number, size = 40): Uint8Array {
  const pixels = new Uint8Array(size * size * 4).fill(255);
  for (let y = 5; y < 10; y += 1)
    for (let x = squareAt; x < squareAt + 5; x += 1)
      pixels.set([0, 114, 178, 255], 4 * (y * size + x));
  return new Uint8Array(UPNG.encode([pixels.buffer], size, size, 0));
}

test('three pictures, one of them twice, become an animation of three frames that loops and lasts as long', () => {
  const frames = [picture(0), picture(10), picture(10), picture(20)];
  const image = UPNG.decode(
    new Uint8Array(
      animatedPng(
        frames.map((png) => ({ png, showMs: 500 })),
        16,
      ),
    ).buffer,
  );
  expect(image.tabs.acTL).toMatchObject({ num_frames: 3, num_plays: 0 });
  expect(image.frames.map(({ delay }) => delay)).toEqual([500, 1000, 500]);
  const shown = UPNG.toRGBA8(image).map((pixels) => new Uint8Array(pixels));
  const at = (frame: number, x: number): number[] => [
    ...shown[frame]!.subarray(4 * (7 * 40 + x), 4 * (7 * 40 + x) + 3),
  ];
  expect([at(0, 2), at(1, 2), at(1, 12), at(2, 22)]).toEqual([
    [0, 114, 178],
    [255, 255, 255],
    [0, 114, 178],
    [0, 114, 178],
  ]);
});

test('one picture becomes a still one', () => {
  const still = UPNG.decode(
    new Uint8Array(animatedPng([{ png: picture(3), showMs: 1 }], 16)).buffer,
  );
  expect(still.tabs.acTL).toBeUndefined();
  expect([still.width, still.height]).toEqual([40, 40]);
});

test('pictures of two sizes are refused, and so are none', () => {
  const two = [picture(0), picture(0, 50)].map((png) => ({ png, showMs: 1 }));
  expect(() => animatedPng(two, 16)).toThrow('50 x 50 px, the first one 40 x 40');
  expect(() => animatedPng([], 16)).toThrow('no frame');
});
