import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEntry, encodeEntry, loadEntry, MAX_TTL_MS, plainBody } from './entry.ts';

const loaded = (text: string) => ({
  body: Buffer.from(text),
  menuVersion: 7,
  queries: [],
  micros: 871_234,
});

describe('the stored form of a page', () => {
  test('any body and any facts come back as they were put in', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 2000 }),
        fc.nat({ max: 2 ** 40 }),
        fc.nat({ max: 2 ** 47 }),
        fc.nat({ max: 2 ** 32 - 1 }),
        fc.nat({ max: MAX_TTL_MS }),
        (bodyBytes, menuVersion, loadStartedAtMs, micros, ttlMs) => {
          const { bytes } = encodeEntry(
            { body: Buffer.from(bodyBytes), menuVersion, queries: [], micros },
            { loadStartedAtMs, ttlMs },
          );
          const entry = decodeEntry(bytes);
          expect(entry).toMatchObject({ menuVersion, loadStartedAtMs, loadMicros: micros, ttlMs });
          expect(entry && plainBody(entry)).toEqual(Buffer.from(bodyBytes));
        },
      ),
    );
  });

  test('the layout is 24 bytes of header and then gzip, as documented', () => {
    const { bytes } = encodeEntry(loaded('{"a":1}'), { loadStartedAtMs: 1000, ttlMs: 60_000 });
    expect(bytes.subarray(0, 24).toString('hex')).toBe(
      ['434c', '01', '01', '000000000007', '0000000003e8', '000d4b42', '0000ea60'].join(''),
    );
    expect(gunzipSync(bytes.subarray(24)).toString()).toBe('{"a":1}');
  });

  test('the same body gives the same bytes, whoever encodes it', () => {
    const facts = { loadStartedAtMs: 5, ttlMs: 10 };
    expect(encodeEntry(loaded('x'), facts).bytes).toEqual(encodeEntry(loaded('x'), facts).bytes);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    [
      'a header without a body',
      encodeEntry(loaded('x'), { loadStartedAtMs: 1, ttlMs: 1 }).bytes.subarray(0, 24),
    ],
    ['JSON of another program', Buffer.from('{"store":{"id":1,"slug":"lao-zhang"}}')],
    [
      'another version of the layout',
      Buffer.concat([Buffer.from('434c0201', 'hex'), Buffer.alloc(40)]),
    ],
  ])('%s does not count as an entry', (_what, bytes) => {
    expect(decodeEntry(bytes)).toBeNull();
  });

  test('a load that takes 900 ms is stamped with the moment at which it began', async () => {
    let nowMs = 1000;
    const load = () => {
      nowMs += 900;
      return Promise.resolve(loaded('x'));
    };
    const { entry } = await loadEntry(load, 60_000, () => nowMs);
    expect(entry?.loadStartedAtMs).toBe(1000);
  });
});
