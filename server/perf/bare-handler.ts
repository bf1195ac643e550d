import express from 'express';
import { Redis } from 'ioredis';

/**
 * What `npm run perf` compares the hit path with: an express handler that does one raw `getBuffer` and ends the
 * response with what it got. No policy, no outcome, no counters, no guard. `CACHELAB_PERF_KEY` names the value.
 */
const redis = new Redis(process.env['CACHELAB_REDIS_URL'] ?? '');
const key = process.env['CACHELAB_PERF_KEY'] ?? '';

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.get('/stores/:slug/catalog', async (_request, response) => {
  response.end(await redis.getBuffer(key));
});

const server = app.listen(Number(process.env['CACHELAB_PORT'] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ listening: port })}\n`);
});

process.once('SIGTERM', () => process.exit(0));
