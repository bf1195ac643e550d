import { expect, test } from 'vitest';
import { exponential, randomStream } from './random.ts';

test('the same seed and name give the same numbers, another seed or name gives others', () => {
  const draws = (seed: number, stream: string): number[] => {
    const random = randomStream(seed, stream);
    return Array.from({ length: 5 }, () => random());
  };
  expect(draws(1, 'arrivals')).toEqual(draws(1, 'arrivals'));
  expect(draws(1, 'arrivals')).not.toEqual(draws(2, 'arrivals'));
  expect(draws(1, 'arrivals')).not.toEqual(draws(1, 'loads'));
  expect(draws(1, 'arrivals')).not.toEqual(draws(1 + 2 ** 32, 'arrivals'));
});

test('100,000 draws fill ten bins evenly and have the mean of their distribution', () => {
  const random = randomStream(7, 'bins');
  const bins = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 100_000; draw += 1) bins[Math.floor(10 * random())]! += 1;
  // 10,000 each, standard deviation 95: five of them.
  for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(475);

  let sum = 0;
  for (let draw = 0; draw < 100_000; draw += 1) sum += exponential(random, 4);
  expect(sum / 100_000).toBeCloseTo(4, 1);
});
