import type { Request, Response } from 'express';
import type { Context } from '../context.ts';

export function serveStorefront(
  _context: Context,
): (request: Request<{ slug: string }>, response: Response) => Promise<void> {
  return async (_request, response) => {
    response.status(501).end();
  };
}
