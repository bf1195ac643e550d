import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { EXIT, LabError } from '../errors.ts';
import { freePort } from '../provision/ports.ts';
import { healthyStats } from '../top/fixtures.ts';
import { topCommand } from './top.ts';

const ONCE = { every: '1s', once: true, json: false };
let server: Server | null = null;
afterEach(() => {
  server?.close();
  vi.restoreAllMocks();
});

/** A server that gives this answer to all. @returns Its address. */
async function answering(status: number, body: string): Promise<string> {
  server = createServer((_request, response) => {
    response.statusCode = status;
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function failure(run: Promise<unknown>): Promise<LabError> {
  const error: unknown = await run.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LabError)) throw new Error(`no LabError: ${String(error)}`);
  return error;
}

test('wrong options are told at once, each with its value and its range', async () => {
  const error = await failure(topCommand({ ...ONCE, url: 'ftp://x', every: '5ms' }));
  expect(error).toMatchObject({ code: 'E_BAD_OPTIONS', exitCode: EXIT.badArguments });
  expect(error.message).toMatch(
    /--url must be .* not "ftp:\/\/x"\n--every .* 200ms to 1h, not "5ms"/,
  );
});

test('without a store it says where it asked, why there is no answer, and how to start one', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const error = await failure(topCommand({ ...ONCE, url, once: false }));
  expect(error).toMatchObject({ code: 'E_NO_STORE', exitCode: EXIT.serviceMissing });
  expect(error.message).toBe(`no statistics of a store at ${url}: nothing listens there`);
  expect(error.hint).toContain('npm run lab -- up');
});

test.each([
  [200, '<html>', 'what it answers is not of a cachelab store'],
  [200, '{"requests": 1}', 'what it answers is not of a cachelab store'],
  [404, 'no', 'it answers 404 to GET /cache/stats'],
])('another server, which answers %d %s, is not taken for a store', async (status, body, why) => {
  const url = await answering(status, body);
  expect((await failure(topCommand({ ...ONCE, url }))).message).toContain(why);
});

test('--once tells the totals since the reset, and no rates', async () => {
  const url = await answering(200, JSON.stringify(healthyStats()));
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  expect(await topCommand({ ...ONCE, url: `${url}/` })).toBe(EXIT.fine);
  const text = written.join('');
  expect(text).toMatch(/^policy +cached\nstore +since reset: 100 requests +hits 97\.0 % /);
  expect(text).toContain('memory 1.4M of no limit');
  expect(text).not.toMatch(/\/s\b/);
});
