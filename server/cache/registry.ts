/* oxlint-disable typescript/no-unnecessary-type-assertion -- isolatedDeclarations wants each part's type spelled out */
import { admission } from './admission.ts';
import { query, store, ttlMs } from './base.ts';
import { body } from './body.ts';
import { fence } from './fence.ts';
import { doubleDeleteMs, invalidate } from './invalidate-on-write.ts';
import { isolation } from './isolation.ts';
import { l1Bus, l1MaxEntries, l1StaleIfErrorMs, l1TtlMs } from './l1.ts';
import { jitter } from './jitter.ts';
import { gate, lockPollMs, lockTtlMs, lockWaitMs, onLockTimeout } from './load-gate.ts';
import { negativeTtlMs } from './negative.ts';
import type { Part } from './part.ts';
import { refreshAhead } from './refresh-ahead.ts';
import { coalesce } from './single-flight.ts';
import { retryAfterErrorMs, staleIfErrorMs } from './stale-if-error.ts';
import { staleWhileRevalidateMs } from './stale-while-revalidate.ts';
import { xfetchBeta } from './xfetch.ts';

/**
 * Every part of the pipeline, in the order of a request: the first is the outermost. A new policy is its file and
 * one line here.
 */
export const PARTS = {
  admission: admission as typeof admission,
  l1TtlMs: l1TtlMs as typeof l1TtlMs,
  l1StaleIfErrorMs: l1StaleIfErrorMs as typeof l1StaleIfErrorMs,
  l1MaxEntries: l1MaxEntries as typeof l1MaxEntries,
  l1Bus: l1Bus as typeof l1Bus,
  invalidate: invalidate as typeof invalidate,
  doubleDeleteMs: doubleDeleteMs as typeof doubleDeleteMs,
  fence: fence as typeof fence,
  coalesce: coalesce as typeof coalesce,
  store: store as typeof store,
  ttlMs: ttlMs as typeof ttlMs,
  jitter: jitter as typeof jitter,
  staleWhileRevalidateMs: staleWhileRevalidateMs as typeof staleWhileRevalidateMs,
  staleIfErrorMs: staleIfErrorMs as typeof staleIfErrorMs,
  retryAfterErrorMs: retryAfterErrorMs as typeof retryAfterErrorMs,
  refreshAhead: refreshAhead as typeof refreshAhead,
  xfetchBeta: xfetchBeta as typeof xfetchBeta,
  gate: gate as typeof gate,
  lockTtlMs: lockTtlMs as typeof lockTtlMs,
  lockPollMs: lockPollMs as typeof lockPollMs,
  lockWaitMs: lockWaitMs as typeof lockWaitMs,
  onLockTimeout: onLockTimeout as typeof onLockTimeout,
  negativeTtlMs: negativeTtlMs as typeof negativeTtlMs,
  body: body as typeof body,
  query: query as typeof query,
  isolation: isolation as typeof isolation,
};

type ValueOf<P> = P extends Part<infer Value> ? Value : never;

/** A policy in full: one value per part. */
export type PolicySettings = { [Name in keyof typeof PARTS]: ValueOf<(typeof PARTS)[Name]> };
