import { createHash } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';

const CONNECT_TIMEOUT_MS = 4000;
const SILENCE_TIMEOUT_MS = 20_000;
const REDIRECTS = 5;
const MAX_BYTES = 200 << 20;

/**
 * Fetches a file into memory. `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are respected, which Node's own fetch does not do on
 * Node 20; `NODE_EXTRA_CA_CERTS` works by itself.
 * @throws Error with a reason fit for a message; within a few seconds where there is no network.
 */
export async function download(url: string, env: NodeJS.ProcessEnv): Promise<Buffer> {
  let current = new URL(url);
  for (let hop = 0; hop <= REDIRECTS; hop += 1) {
    const answer = await get(current, env);
    const { statusCode = 0 } = answer;
    if (statusCode >= 300 && statusCode < 400 && answer.headers.location !== undefined) {
      answer.resume();
      const next = new URL(answer.headers.location, current);
      if (current.protocol === 'https:' && next.protocol !== 'https:') {
        throw new Error(`${current.host} redirects to an address without TLS`);
      }
      current = next;
      continue;
    }
    if (statusCode !== 200) {
      answer.resume();
      throw new Error(`${current.host} answered ${statusCode}`);
    }
    return collect(answer);
  }
  throw new Error(`more than ${REDIRECTS} redirects`);
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The proxy for an address by the usual variables; null for a direct connection. */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): URL | null {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = env[name] ?? env[name.toUpperCase()] ?? '';
  const exceptions = (env['no_proxy'] ?? env['NO_PROXY'] ?? '')
    .split(',')
    .map((part) => part.trim());
  const excepted = exceptions.some((part) => {
    const host = part.replace(/^\*?\./, '').replace(/:\d+$/, '');
    return (
      part === '*' || (host !== '' && (url.hostname === host || url.hostname.endsWith(`.${host}`)))
    );
  });
  if (proxy === '' || excepted) return null;
  return new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
}

async function get(url: URL, env: NodeJS.ProcessEnv): Promise<IncomingMessage> {
  const proxy = proxyFor(url, env);
  if (proxy === null) {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return answerOf(request(url, { agent: false }), url.host);
  }
  if (url.protocol === 'http:') {
    const headers = { host: url.host, ...proxyLogin(proxy) };
    const { hostname, port } = proxy;
    return answerOf(
      httpRequest({ hostname, port, path: url.href, headers, agent: false }),
      proxy.host,
    );
  }
  const tunnel = await openTunnel(proxy, url);
  const socket = tlsConnect({ socket: tunnel, servername: url.hostname });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    // Stays for good: an error after this one would have no listener.
    socket.on('error', reject);
  });
  return answerOf(httpsRequest(url, { agent: false, createConnection: () => socket }), url.host);
}

/** Asks an HTTP proxy for a raw connection, over which TLS then speaks with the real host. */
async function openTunnel(proxy: URL, target: URL): Promise<Socket> {
  const authority = `${target.hostname}:${target.port === '' ? 443 : target.port}`;
  const request = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
    hostname: proxy.hostname,
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...proxyLogin(proxy) },
    agent: false,
  });
  return new Promise((resolve, reject) => {
    failWhenSilent(request, proxy.host, reject);
    request.once('connect', (answer, socket: Socket) => {
      if (answer.statusCode === 200) resolve(socket);
      else reject(new Error(`proxy ${proxy.host} answered ${answer.statusCode ?? 0}`));
    });
    request.end();
  });
}

function proxyLogin(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

function answerOf(request: ClientRequest, host: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    failWhenSilent(request, host, reject);
    request.once('response', resolve);
    request.end();
  });
}

function failWhenSilent(
  request: ClientRequest,
  host: string,
  reject: (error: Error) => void,
): void {
  const timer = setTimeout(
    () => request.destroy(new Error(`no connection to ${host} in ${CONNECT_TIMEOUT_MS / 1000} s`)),
    CONNECT_TIMEOUT_MS,
  );
  for (const event of ['response', 'connect', 'close'])
    request.once(event, () => clearTimeout(timer));
  request.setTimeout(SILENCE_TIMEOUT_MS, () => request.destroy(new Error(`${host} fell silent`)));
  request.once('error', (error: NodeJS.ErrnoException) =>
    reject(new Error(error.message === '' ? `${host}: ${error.code ?? 'failed'}` : error.message)),
  );
}

async function collect(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES >> 20} MiB`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
