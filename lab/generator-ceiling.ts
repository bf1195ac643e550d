import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchContext } from './bench-context.ts';
import { reduceK6 } from './k6/reduce.ts';
import { runK6 } from './k6/run.ts';
import type { Progress } from './progress.ts';
import { serviceEnvironment, startServer } from './server-process.ts';

const WARM_SECONDS = 1;
const MEASURE_SECONDS = 3;
const CLOSED_USERS = 20;

/**
 * The positive control: how many requests per second k6 reaches against an endpoint that does no work,
 * with both sharing this machine. A capacity near it says more about k6 than about the server.
 * Closed model on purpose: it finds the ceiling without a search.
 */
export async function generatorCeiling(context: BenchContext, progress: Progress): Promise<number> {
  progress.now('measuring what k6 itself can reach');
  const { stack, supervisor, root } = context;
  const server = await startServer({
    root,
    supervisor,
    environment: {
      ...serviceEnvironment(stack),
      CACHELAB_POLICY: 'uncached',
      CACHELAB_DB_LATENCY: '0',
    },
  });
  const outFile = join(context.scratchFolder, 'ceiling.json.gz');
  try {
    await runK6({
      bin: stack.k6.bin,
      script: join(root, 'scenarios', 'capacity', 'load.ts'),
      settings: {
        baseUrl: server.baseUrl,
        path: '/lab/noop',
        update: null,
        arrivals: 'closed',
        ratePerSecond: null,
        virtualUsers: CLOSED_USERS,
        warmSeconds: WARM_SECONDS,
        measureSeconds: MEASURE_SECONDS,
        countOutcomes: false,
      },
      outFile,
      supervisor,
    });
    const { counts } = await reduceK6(outFile, {
      measureSeconds: MEASURE_SECONDS,
      ratePerSecond: null,
      arrivals: 'closed',
    });
    const perSecond = (counts.completed - counts.failed) / MEASURE_SECONDS;
    progress.line(
      `k6 reaches ${Math.round(perSecond)} requests/s against an endpoint without work`,
    );
    return perSecond;
  } finally {
    rmSync(outFile, { force: true });
    await server.stop();
  }
}
