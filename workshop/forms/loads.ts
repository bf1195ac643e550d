import type { SentenceInput } from '../contract.ts';
import type { Setting } from './setting.ts';

export function loadsPerExpiry(input: SentenceInput, _setting: Setting): number {
  return 1 + (input.readsPerSecond * input.loadMs) / 1000;
}
