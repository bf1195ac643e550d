import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { LabError } from '../../lab/errors.ts';
import type { Refusal } from '../contract.ts';
import { RefusalError } from '../room/refusal.ts';

/** Largest body of a request: knobs and predictions need a few hundred bytes. */
export const MAX_BODY_BYTES = 4096;

/** A request that the control server turns away before the room hears of it; becomes a `Refusal`. */
export class ControlError extends Error {
  readonly status: number;
  readonly about: string | null;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    sentence: string,
    options: { about?: string; headers?: Record<string, string> } = {},
  ) {
    super(sentence);
    this.name = 'ControlError';
    this.status = status;
    this.about = options.about ?? null;
    this.headers = options.headers ?? {};
  }
}

/**
 * Reads a body by its schema, whose messages say what is allowed: `a number from 0 to 50`.
 * @throws ControlError 400 with all that is wrong in one sentence, each with its value; about the first of it.
 */
export function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const about = issues[0]?.path[0];
  const problems = issues.map((issue) => {
    const { path, input, message } = issue;
    if (issue.code === 'unrecognized_keys') {
      return `${shortJson(issue.keys)}: there are no such names here; allowed: ${message}`;
    }
    const name = path.length === 0 ? 'the body' : path.join('.');
    const value = input === undefined ? 'is missing' : `is ${shortJson(input)}`;
    return `${name} ${value}; allowed: ${message}`;
  });
  throw new ControlError(400, `${problems.join('. ')}. Nothing was changed.`, {
    ...(typeof about === 'string' ? { about } : {}),
  });
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 37)}…`;
}

/** For the end of a route: its path exists, this method does not. */
export function onlyMethods(...methods: string[]): RequestHandler {
  const allow = methods.join(', ');
  return (request) => {
    throw new ControlError(405, `${request.method} is not possible here; allowed: ${allow}`, {
      headers: { allow },
    });
  };
}

export const notFound: RequestHandler = () => {
  throw new ControlError(404, 'There is nothing at this address; the page is at /');
};

/** The last middleware. @param report - Told of errors that are not the client's; the client hears nothing of them. */
export function errorAnswers(report: (error: unknown) => void): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error instanceof RefusalError) {
      send(response, error.status, { error: error.error, about: error.about });
      return;
    }
    const known = toControlError(error);
    if (known.status >= 500 && !(error instanceof ControlError)) report(error);
    response.set(known.headers);
    send(response, known.status, { error: known.message, about: known.about });
  };
}

function send(response: Response, status: number, refusal: Refusal): void {
  response.status(status).json(refusal);
}

/** Errors of express and its body parser carry `type` and a 4xx `status`. */
function toControlError(error: unknown): ControlError {
  if (error instanceof ControlError) return error;
  // Its words are made for users: a service is gone or slow.
  if (error instanceof LabError) return new ControlError(503, error.message);
  if (error instanceof URIError) return new ControlError(400, 'The URL is not valid');
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') {
    const type = 'type' in error ? error.type : '';
    if (type === 'entity.parse.failed') return new ControlError(400, 'The body is not valid JSON');
    if (type === 'entity.too.large') return tooLarge();
    if (error.status >= 400 && error.status < 500) {
      return new ControlError(error.status, 'The request could not be read');
    }
  }
  return new ControlError(
    500,
    'Something went wrong here; the terminal of the workshop says what. Try it once more',
  );
}

/** The rest of such a body is not read: the connection ends with the answer. */
export function tooLarge(): ControlError {
  return new ControlError(413, `The body is larger than the ${MAX_BODY_BYTES} bytes allowed`, {
    headers: { connection: 'close' },
  });
}
