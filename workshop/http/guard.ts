import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { ControlError, MAX_BODY_BYTES, tooLarge } from './control-error.ts';

const MAX_URL_LENGTH = 1024;

/** Nothing from elsewhere, nothing inline, no code from text; the storefront is shown in a frame of our own. */
export const PAGE_CSP: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every answer, refusals included. There is never one of CORS: no other site is to read anything here. */
export function securityHeaders(options: { trustworthy: boolean }): RequestHandler {
  const headers = {
    'content-security-policy': PAGE_CSP,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
    // Browsers heed it on loopback and https alone, and complain in the console elsewhere.
    ...(options.trustworthy ? { 'cross-origin-opener-policy': 'same-origin' } : {}),
  };
  return (request, response, next) => {
    response.set(headers);
    if (request.url.length > MAX_URL_LENGTH) {
      throw new ControlError(414, `The URL is longer than ${MAX_URL_LENGTH} characters`);
    }
    next();
  };
}

/**
 * Lets nobody through without the token of the link, which a cookie keeps: neither the page nor its script nor the stream.
 * Programs send it as `authorization: Bearer TOKEN`.
 */
export function tokenGuard(token: string): RequestHandler {
  const matches = (given: string | undefined): boolean => given !== undefined && same(given, token);
  return (request, response, next) => {
    const inLink = tokenInLink(request);
    if (matches(inLink) || matches(cookieOf(request)) || matches(bearerOf(request))) {
      next();
      return;
    }
    response
      .status(401)
      .type('text/plain')
      .send('This workshop opens by the whole link, token included: ask the host to show it.\n');
  };
}

/**
 * Takes the token out of the address bar and into a cookie.
 *
 * Not by a redirect: a browser that came by a link on another site, or by a QR code, sends no SameSite=Strict cookie along
 * a redirect that follows, and would stand before a closed door with the key in its pocket. A page of ours that leads on
 * begins a navigation of its own, with the cookie.
 */
export function tokenToCookie(token: string): RequestHandler {
  return (request, response, next) => {
    const inLink = tokenInLink(request);
    if (inLink === undefined) {
      next();
      return;
    }
    // Who came by an old link with a good cookie keeps that one.
    if (same(inLink, token)) {
      const cookie = `${cookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Strict`;
      response.set('set-cookie', cookie);
    }
    const query = new URLSearchParams(request.url.split('?')[1]);
    query.delete('token');
    // Percent-encoded, so nothing of it can end the attribute.
    const rest = query.toString().replaceAll('&', '&amp;');
    const target = rest === '' ? '/' : `/?${rest}`;
    response
      .type('text/html')
      .send(
        `<!doctype html><meta charset="utf-8"><title>cachelab</title><meta http-equiv="refresh" content="0; url=${target}"><a href="${target}">to the workshop</a>\n`,
      );
  };
}

/**
 * Turns away what a page of another site could send from a browser in this room.
 *
 * A name that resolves to this machine (DNS rebinding) makes a foreign page same-origin with us, but its requests carry that
 * name as `Host`. The port is left free: it cannot be forged from there, and a forwarded port is another one.
 * @param hosts - Names and addresses by which we are reached, without ports.
 */
export function originGuard(hosts: ReadonlySet<string>): RequestHandler {
  return (request, _response, next) => {
    const host = (request.headers.host ?? '').toLowerCase();
    if (!hosts.has(host.replace(/:\d+$/, ''))) {
      throw new ControlError(403, 'This is not the address of the workshop: use the printed one');
    }
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !followsLink(request)) {
      throw new ControlError(403, 'Pages of other sites may not use the workshop');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') requireOwnOrigin(request, host);
    next();
  };
}

/** A link on any site may lead to the page itself; it is opened, not read. */
function followsLink(request: Request): boolean {
  const { headers, method, path } = request;
  return method === 'GET' && path === '/' && headers['sec-fetch-dest'] === 'document';
}

function requireOwnOrigin(request: Request, host: string): void {
  const { origin } = request.headers;
  if (origin === undefined) {
    // Browsers send an Origin with every such request, so this is a program, or a browser that hides it. A page of another site
    // cannot add this header without asking first (a CORS preflight), and we never answer that.
    if (request.headers['x-cachelab'] === '1') return;
    throw new ControlError(403, 'A program that changes something sends the header x-cachelab: 1');
  }
  if (origin.toLowerCase() !== `http://${host}`) {
    throw new ControlError(403, 'Pages of other sites may not change anything here');
  }
}

/** Bodies are JSON and small; anything else is not even read. */
export const bodyGuard: RequestHandler = (request, _response, next) => {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > MAX_BODY_BYTES) throw tooLarge();
  const hasBody = length > 0 || request.headers['transfer-encoding'] !== undefined;
  if (hasBody && !request.is('application/json')) {
    throw new ControlError(415, 'Send JSON, with content-type: application/json', {
      headers: { connection: 'close' },
    });
  }
  next();
};

function tokenInLink(request: Request): string | undefined {
  if (request.method !== 'GET' || request.path !== '/') return undefined;
  const { token } = request.query;
  return typeof token === 'string' ? token : undefined;
}

function bearerOf(request: Request): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Cookies know no ports: two workshops on one machine keep theirs apart by name. */
function cookieName(request: Request): string {
  return `cachelab-${request.socket.localPort ?? 0}`;
}

function cookieOf(request: Request): string | undefined {
  const name = `${cookieName(request)}=`;
  const parts = (request.headers.cookie ?? '').split(';').map((part) => part.trim());
  return parts.find((part) => part.startsWith(name))?.slice(name.length);
}

/** In the same time wherever they differ; their length is no secret. */
function same(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The policy that a document brought along, but for a frame of ours, and of nobody else. */
export function framedCsp(own: string | undefined): string {
  const others = (own ?? "default-src 'none'")
    .split(';')
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '' && !directive.startsWith('frame-ancestors'));
  return [...others, "frame-ancestors 'self'"].join('; ');
}
