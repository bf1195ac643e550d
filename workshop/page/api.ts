import type { Refusal } from '../contract.ts';

/** What came of a request: its answer, or why not. */
export type Answer<Value> =
  | { ok: true; value: Value }
  /** `status` 0: nothing answered at all. */
  | { ok: false; status: number; refusal: Refusal | null };

/** Longer than any action takes; what hangs is better told than waited for. */
const PATIENCE_MS = 30_000;

/** A request to the control server. Never throws: a lost connection is an answer with status 0. */
export async function ask<Value>(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<Answer<Value>> {
  try {
    const response = await fetch(path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      credentials: 'same-origin',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const value: unknown = await response.json().catch(() => null);
    if (response.ok) return { ok: true, value: value as Value };
    return { ok: false, status: response.status, refusal: isRefusal(value) ? value : null };
  } catch {
    return { ok: false, status: 0, refusal: null };
  }
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'error' in value;
}
