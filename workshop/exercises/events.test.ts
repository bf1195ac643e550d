import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEvents, type StreamEvent } from './events.ts';

async function* chunks(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const to of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    await Promise.resolve();
    yield bytes.subarray(from, to);
    from = to;
  }
}

async function eventsOf(text: string, cuts: readonly number[] = []): Promise<StreamEvent[]> {
  const found: StreamEvent[] = [];
  const bytes = new TextEncoder().encode(text);
  for await (const event of readEvents(chunks(bytes, cuts))) found.push(event);
  return found;
}

test('events are read with their name and data; comments, ids and the time to reconnect are passed over', async () => {
  const text =
    ': awake\n\nretry: 1000\n\nevent: sample\nid: 7\ndata: {"id":7}\n\ndata: a\ndata:b\n\n';
  expect(await eventsOf(text)).toEqual([
    { event: 'sample', data: '{"id":7}' },
    { event: 'message', data: 'a\nb' },
  ]);
});

test('an event that the stream ends in is no event yet', async () => {
  expect(await eventsOf('data: one\n\ndata: tw')).toEqual([{ event: 'message', data: 'one' }]);
});

test('chunks may be cut anywhere, within a character of 老张餐馆 or between two line ends', async () => {
  const text =
    'event: mark\ndata: {"detail":"老张餐馆 ¥150→¥120"}\r\n\r\nevent: sample\ndata: 2\n\n';
  const whole = await eventsOf(text);
  expect(whole).toHaveLength(2);
  const length = new TextEncoder().encode(text).length;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(length), { maxLength: 8 }), async (cuts) => {
      expect(await eventsOf(text, cuts)).toEqual(whole);
    }),
  );
});
