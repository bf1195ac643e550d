import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  absentEntry,
  decodeEntry,
  encodeEntry,
  loadEntry,
  MAX_TTL_MS,
  plainBody,
} from './entry.ts';

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
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        fc.nat({ max: 2 ** 40 }),
        fc.nat({ max: 2 ** 47 }),
        fc.nat({ max: 2 ** 32 - 1 }),
        fc.nat({ max: MAX_TTL_MS }),
        fc.constantFrom('gzip' as const, 'identity' as const),
        (bodyBytes, menuVersion, loadStartedAtMs, micros, ttlMs, encoding) => {
          const { bytes } = encodeEntry(
            { body: Buffer.from(bodyBytes), menuVersion, queries: [], micros },
            { loadStartedAtMs, ttlMs, encoding },
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

  test('a body may be stored as it is', () => {
    const facts = { loadStartedAtMs: 1000, ttlMs: 60_000, encoding: 'identity' } as const;
    const { bytes } = encodeEntry(loaded('{"a":1}'), facts);
    expect(bytes.subarray(0, 4).toString('hex')).toBe('434c0102');
    expect(bytes.subarray(24).toString()).toBe('{"a":1}');
  });

  test('an absence is 24 bytes with its age and its life', () => {
    const { bytes } = absentEntry({ loadStartedAtMs: 1000, ttlMs: 300_000 });
    expect(bytes).toHaveLength(24);
    expect(decodeEntry(bytes)).toMatchObject({
      encoding: 'absent',
      loadStartedAtMs: 1000,
      ttlMs: 300_000,
    });
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
    [
      'an absence with a body',
      Buffer.concat([absentEntry({ loadStartedAtMs: 1, ttlMs: 1 }).bytes, Buffer.from('x')]),
    ],
    ['another encoding', Buffer.concat([Buffer.from('434c0103', 'hex'), Buffer.alloc(40)])],
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
