import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { LoadFailedElsewhere, LockTimeout } from '../cache/lock.ts';

/**
 * An answer that is not a page: RFC 9457 problem JSON. Everything that goes wrong on the way becomes one of these;
 * what an unexpected error says goes to the log, never to the client.
 */
export class Problem extends Error {
  readonly status: number;
  readonly errors: string[];
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    detail: string,
    options: { errors?: string[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.status = status;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
  }
}

/** Largest request body: prices and policies need a few hundred bytes. */
export const MAX_BODY = '16kb';

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Token needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Not with this policy',
  413: 'Body too large',
  414: 'URL too long',
  415: 'Unsupported media type',
  423: 'Locked',
  500: 'Internal error',
  503: 'Overloaded or not ready',
};

export function sendProblem(response: Response, problem: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const title = TITLES[problem.status] ?? 'Error';
  const body = {
    title,
    status: problem.status,
    detail: problem.message,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  };
  response
    .status(problem.status)
    .set({ 'cache-control': 'no-store', ...problem.headers })
    .type('application/problem+json')
    .end(JSON.stringify(body));
}

/** @throws Problem 400 with one line per wrong field: its name, its value, and what is allowed. */
export function parseOrRefuse<T>(schema: z.ZodType<T>, input: unknown, what: string): T {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => {
    const name = [what, ...issue.path].join('.');
    const value = issue.input === undefined ? 'is missing' : `is ${shortJson(issue.input)}`;
    return `${name} ${value}; allowed: ${issue.message}`;
  });
  throw new Problem(400, errors.join('; '), { errors });
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

/** For the end of a route: its path exists, this method does not. */
export function onlyMethods(...methods: string[]): RequestHandler {
  const allow = methods.join(', ');
  return (request) => {
    throw new Problem(405, `${request.method} is not possible here; allowed: ${allow}`, {
      headers: { allow },
    });
  };
}

export const notFound: RequestHandler = (request) => {
  throw new Problem(404, `there is nothing at ${request.path.slice(0, 200)}`);
};

/** The last middleware. @param report - Told of errors that are not the client's. */
export function problemHandler(report: (error: unknown) => void): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const problem = toProblem(error);
    if (problem.status === 500) report(error);
    sendProblem(response, problem);
  };
}

/** Errors of express and its body parser carry `type` and a 4xx `status`; everything else is ours. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof LockTimeout || error instanceof LoadFailedElsewhere)
    return new Problem(503, error.message, { headers: { 'retry-after': '1' }, cause: error });
  if (error instanceof URIError) return new Problem(400, 'the URL is not valid percent-encoding');
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') {
    const type = 'type' in error ? error.type : '';
    if (type === 'entity.parse.failed') return new Problem(400, 'the body is not valid JSON');
    if (type === 'entity.too.large')
      return new Problem(413, 'the body is larger than the 16 KiB that are allowed');
    if (error.status >= 400 && error.status < 500)
      return new Problem(error.status, `the request could not be read (${String(type)})`);
  }
  return new Problem(500, 'something went wrong here; the log of the server says what');
}
