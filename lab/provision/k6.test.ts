import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { download, proxyFor, sha256 } from './download.ts';
import { cachedK6, K6_VERSION, provideK6, releaseFile } from './k6.ts';
import { findOnPath } from './programs.ts';

const FILE = releaseFile(process.platform, process.arch) ?? 'none';
const FOLDER = FILE.replace(/\.(tar\.gz|zip)$/, '');

let root = '';
const servers: Server[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cachelab test '));
});

afterEach(async () => {
  rmSync(root, { recursive: true, force: true });
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
}

/** Serves files by path and notes what was asked for. */
async function mirror(
  files: Record<string, Buffer | string>,
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const body = files[request.url ?? ''];
    response.statusCode = body === undefined ? 404 : 200;
    response.end(body);
  });
  return { url: await listen(server), asked };
}

/** A program that says what k6 says when asked for its version. */
function fakeK6(path: string, version: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "k6 v${version} (go1.26.0, linux/amd64)"\n`);
  chmodSync(path, 0o755);
}

/** A release file like the official one. */
function releaseArchive(): Buffer {
  fakeK6(join(root, 'archive', FOLDER, 'k6'), K6_VERSION);
  execFileSync('tar', ['-czf', FILE, FOLDER], { cwd: join(root, 'archive') });
  return execFileSync('cat', [join(root, 'archive', FILE)]);
}

/** PATH with these programs of the system and nothing else. */
function pathWith(...names: string[]): string {
  const folder = join(root, 'bin');
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const real = findOnPath([name], process.env);
    writeFileSync(join(folder, name), `#!/bin/sh\nexec ${real} "$@"\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

const UNPACKERS = ['tar', 'gzip'];
// tar finds gzip by PATH.
const unpackPath = (): string => `${pathWith(...UNPACKERS)}:/nowhere`;

describe('k6 is found', () => {
  test('by K6_BIN before anything else, and a K6_BIN that does not run is an error, not a reason to look on', async () => {
    fakeK6(join(root, 'mine', 'k6'), '1.2.3');
    fakeK6(join(root, 'bin', 'k6'), '1.9.9');
    const env = { K6_BIN: join(root, 'mine', 'k6'), PATH: `${join(root, 'bin')}:/usr/bin:/bin` };
    expect(await provideK6({ root, env })).toMatchObject({ version: '1.2.3', bin: env.K6_BIN });
    const wrong = { ...env, K6_BIN: join(root, 'no-such-k6') };
    await expect(provideK6({ root, env: wrong })).rejects.toMatchObject({
      code: 'E_K6_UNUSABLE',
      exitCode: 69,
    });
  });

  test('on PATH from 1.0 on; an older one is passed over for the cache', async () => {
    const env = { PATH: `${join(root, 'bin')}:/bin:/usr/bin` };
    fakeK6(cachedK6(root, env), '1.8.1');
    fakeK6(join(root, 'bin', 'k6'), '0.57.0');
    expect(await provideK6({ root, env })).toMatchObject({ origin: 'cache', version: '1.8.1' });
    fakeK6(join(root, 'bin', 'k6'), '1.0.0');
    expect(await provideK6({ root, env })).toMatchObject({ version: '1.0.0' });
  });
});

describe('the release file of k6', () => {
  test('is fetched from CACHELAB_MIRROR, verified, unpacked into the cache, and fetched only once', async () => {
    const archive = releaseArchive();
    const checksums = `${sha256(archive)}  ${FILE}\n${'0'.repeat(64)}  another-file\n`;
    const { url, asked } = await mirror({
      [`/v${K6_VERSION}/k6-v${K6_VERSION}-checksums.txt`]: checksums,
      [`/v${K6_VERSION}/${FILE}`]: archive,
    });
    const env = { CACHELAB_MIRROR: `${url}/`, PATH: unpackPath() };
    expect(await provideK6({ root, env })).toEqual({
      bin: cachedK6(root, env),
      origin: `release file ${FILE}`,
      version: K6_VERSION,
    });
    expect(await provideK6({ root, env })).toMatchObject({ origin: 'cache' });
    expect(asked).toHaveLength(2);
    expect(readdirSync(dirname(cachedK6(root, env)))).toEqual(['k6']);
  });

  test('with another checksum than listed is not used, and the message names both sums', async () => {
    const archive = releaseArchive();
    const { url } = await mirror({
      [`/v${K6_VERSION}/k6-v${K6_VERSION}-checksums.txt`]: `${'a'.repeat(64)}  ${FILE}\n`,
      [`/v${K6_VERSION}/${FILE}`]: archive,
    });
    const env = { CACHELAB_MIRROR: url, PATH: unpackPath() };
    const message = `release file: ${FILE} has SHA-256 ${sha256(archive)}, its list says ${'a'.repeat(64)}: not used`;
    await expect(provideK6({ root, env })).rejects.toMatchObject({
      code: 'E_K6_MISSING',
      exitCode: 69,
      message: expect.stringContaining(message) as unknown,
    });
    expect(existsSync(cachedK6(root, env))).toBe(false);
  });

  test('without a line in the list of checksums is not fetched', async () => {
    const { url, asked } = await mirror({
      [`/v${K6_VERSION}/k6-v${K6_VERSION}-checksums.txt`]: `${'a'.repeat(64)}  another-file\n`,
      [`/v${K6_VERSION}/${FILE}`]: 'anything',
    });
    const env = { CACHELAB_MIRROR: url, PATH: unpackPath() };
    await expect(provideK6({ root, env })).rejects.toMatchObject({ code: 'E_K6_MISSING' });
    expect(asked).toHaveLength(1);
  });

  test('has a name on Linux and macOS, x64 and arm64; none elsewhere', () => {
    expect(releaseFile('linux', 'x64')).toBe(`k6-v${K6_VERSION}-linux-amd64.tar.gz`);
    expect(releaseFile('linux', 'arm64')).toBe(`k6-v${K6_VERSION}-linux-arm64.tar.gz`);
    expect(releaseFile('darwin', 'arm64')).toBe(`k6-v${K6_VERSION}-macos-arm64.zip`);
    expect(releaseFile('linux', 'riscv64')).toBeNull();
    expect(releaseFile('win32', 'x64')).toBeNull();
  });
});

test('a machine without k6, network and Go gets every reason and a command for its system', async () => {
  const env = { CACHELAB_MIRROR: 'http://127.0.0.1:9', PATH: unpackPath() };
  const failure = await provideK6({ root, env }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'E_K6_MISSING', exitCode: 69 });
  const text = String(failure);
  for (const tried of [
    'K6_BIN (not set)',
    'PATH: no k6',
    'cache: no program',
    'release file: ',
    'go install: no go on PATH',
    'Docker: not installed',
  ]) {
    expect(text).toContain(tried);
  }
  expect(failure).toMatchObject({ hint: expect.stringContaining('brew install k6') as unknown });
});

describe('a download', () => {
  test('follows redirects, at most five', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/there') return response.end('bytes');
      const location = request.url === '/loop' ? '/loop' : '/there';
      return response.writeHead(302, { location }).end();
    });
    const url = await listen(server);
    expect((await download(`${url}/here`, {})).toString()).toBe('bytes');
    await expect(download(`${url}/loop`, {})).rejects.toThrow('more than 5 redirects');
  });

  test('says which host answered what, and gives up on a host that refuses', async () => {
    const { url } = await mirror({});
    await expect(download(`${url}/nothing`, {})).rejects.toThrow(
      `${new URL(url).host} answered 404`,
    );
    await expect(download('http://127.0.0.1:9/', {})).rejects.toThrow('ECONNREFUSED');
  });

  test('goes through HTTPS_PROXY by CONNECT to the host that was asked for', async () => {
    const connects: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      connects.push(`${request.url} ${request.headers['proxy-authorization']}`);
      // The tunnel leads to a port where nothing speaks TLS: what matters is that it was asked for.
      const target = connect(Number(new URL(proxyUrl).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
      target.on('error', () => socket.destroy());
      socket.on('error', () => target.destroy());
    });
    const proxyUrl = await listen(proxy);
    const env = { HTTPS_PROXY: proxyUrl.replace('//', '//user:secret@') };
    await expect(download('https://releases.example/file', env)).rejects.toThrow();
    const login = Buffer.from('user:secret').toString('base64');
    expect(connects).toEqual([`releases.example:443 Basic ${login}`]);
  });

  test('goes through HTTP_PROXY with the whole address', async () => {
    const { url, asked } = await mirror({ 'http://releases.example/file': 'by proxy' });
    const bytes = await download('http://releases.example/file', { http_proxy: url });
    expect(bytes.toString()).toBe('by proxy');
    expect(asked).toEqual(['http://releases.example/file']);
  });

  test.each([
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['https://a.example/', { https_proxy: 'p:1' }, 'http://p:1/'],
    ['https://a.example/', { HTTP_PROXY: 'http://p:1' }, null],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'b.example,.example' }, null],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1', no_proxy: 'ample' }, 'http://p:1/'],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }, null],
  ])('proxy for %s with %o is %s', (url, env, expected) => {
    expect(proxyFor(new URL(url), env)?.href ?? null).toBe(expected);
  });
});
