import type { SentenceInput } from '../contract.ts';
import type { Setting } from './setting.ts';

export function avalanchePeak(
  input: SentenceInput,
  _setting: Setting,
): { median: number; low: number; high: number } {
  return { median: input.readsPerSecond, low: 0, high: input.readsPerSecond };
}
