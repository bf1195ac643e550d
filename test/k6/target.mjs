// A page server for tests of the load generator: answers what its environment says, counts what it answered.
import { createServer } from 'node:http';

const delayMs = Number(process.env.TARGET_DELAY_MS ?? 1);
const refuseEvery = Number(process.env.TARGET_REFUSE_EVERY ?? 0);
const missEvery = Number(process.env.TARGET_MISS_EVERY ?? 10);
const tagged = process.env.TARGET_TAGGED !== 'no';

let pages = 0;
const measured = { requests: 0, outcomes: {} };

const server = createServer((request, response) => {
  if (request.url === '/stats') {
    response.end(JSON.stringify(measured));
    return;
  }
  const isPage = request.method === 'GET';
  if (isPage) pages += 1;
  const refused = isPage && refuseEvery > 0 && pages % refuseEvery === 0;
  const outcome = refused ? 'rejected' : pages % missEvery === 0 ? 'miss' : 'hit';
  if (isPage && request.headers['x-lab-phase'] === 'measure') {
    measured.requests += 1;
    measured.outcomes[outcome] = (measured.outcomes[outcome] ?? 0) + 1;
  }
  if (tagged && isPage) response.setHeader('X-Cache-Outcome', outcome);
  if (refused) response.writeHead(503).end();
  else setTimeout(() => response.end('x'.repeat(500)), outcome === 'miss' ? 4 * delayMs : delayMs);
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
