import { choose } from './choose.ts';
import { deadRedis } from './dead-redis.ts';
import type { Exercise } from './exercise.ts';
import { flood } from './flood.ts';
import { hitRatio } from './hit-ratio.ts';
import { lostChange } from './lost-change.ts';
import { oldPrice } from './old-price.ts';
import { oneLoad } from './one-load.ts';
import { slowPage } from './slow-page.ts';

/** In the order of the guide. */
export const EXERCISES: readonly Exercise[] = [
  slowPage,
  hitRatio,
  oldPrice,
  lostChange,
  oneLoad,
  flood,
  deadRedis,
  choose,
];
