import type { Arm } from '../../lab/experiment.ts';
import type { Hands, LoadResult, ProtocolResult } from '../../lab/protocol.ts';
import { openBarrier } from './barrier.ts';
import { between, historyOf } from './expiries.ts';
import type { History } from './expiries.ts';
import { deleteCopy, loadsDone, parameter, PATH, SLUG } from './hot-page.ts';
import { Record } from './record.ts';

const READERS = 20;
/** The holder asks so long before the others, and dies so long after them. */
const AHEAD_MS = 150;
const DIES_AFTER_MS = 100;

/** All processes but the last die, one a burst. */
function deathsOf(arm: Arm): number {
  return (arm.processes ?? 1) - 1;
}

export function secondsOfDeadHolder(arm: Arm): number {
  return deathsOf(arm) * (parameter(arm, 'lockTtlMs', 0) / 1000 + 1.5) + 2;
}

/**
 * One process takes the lock and dies while it loads; the burst meets another process, which waits for what is left of the
 * lock. The burst comes to the last process alone, so that no reader dies with his server.
 */
export async function runDeadHolder(hands: Hands): Promise<ProtocolResult> {
  const { arm, servers } = hands;
  const survivor = servers.length - 1;
  const barrier = await openBarrier();
  try {
    const turns = Math.min(deathsOf(arm), survivor);
    const running = hands.load({
      arrivals: 'burst',
      virtualUsers: READERS,
      warmSeconds: 0,
      measureSeconds: secondsOfDeadHolder(arm),
      extra: { barrierUrl: barrier.url, turns, server: survivor },
    });
    const deaths: Death[] = [];
    for (const [turn, holder] of servers.slice(0, turns).entries()) {
      await Promise.race([barrier.filled(turn, READERS), running.done]);
      await loadsDone(hands);
      await deleteCopy(hands);
      const askedUs = hands.nowUs();
      const asked = holder.page(PATH).catch(() => null); // it dies with its server
      const epochMs = Date.now() + AHEAD_MS;
      barrier.announce(turn, epochMs);
      await hands.sleep(AHEAD_MS + DIES_AFTER_MS);
      await holder.kill();
      hands.event('fault', 'the holder of the lock dies');
      await asked;
      deaths.push({ askedUs });
    }
    const load = await running.done;
    return judge(load, deaths, historyOf(await hands.journals(), SLUG));
  } finally {
    barrier.close();
  }
}

interface Death {
  /** The holder was asked, and took the lock. */
  askedUs: number;
}

function judge(load: LoadResult, deaths: readonly Death[], history: History): ProtocolResult {
  const record = new Record();
  const problems: string[] = [];
  for (const [turn, { askedUs }] of deaths.entries()) {
    const untilUs = deaths[turn + 1]?.askedUs ?? Number.POSITIVE_INFINITY;
    const { reads, loads } = between(history, askedUs, untilUs);
    if (reads.length !== READERS || loads.length === 0) {
      problems.push(
        `death ${turn + 1}: ${reads.length} of ${READERS} reads, ${loads.length} loads`,
      );
      continue;
    }
    record.add('deaths', 1);
    record.sample('loadsAfterDeath', loads.length);
    record.sample('firstLoadMs', (loads[0]!.endUs - loads[0]!.startUs) / 1000);
    const lastEndUs = Math.max(...reads.map(({ endUs }) => endUs));
    record.sample('waitMs', (lastEndUs - askedUs) / 1000);
  }
  const { failed } = load.measurement.counts;
  if (failed > 0) problems.push(`${failed} pages failed`);
  return { load, findings: record.findings(), problems };
}
