import type { Arm } from '../../lab/experiment.ts';
import type { Protocol } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import { cellName } from '../clients/cells.ts';
import { commandStats } from '../clients/command-stats.ts';
import { throughLink } from '../clients/delay-link.ts';
import { lineThrough } from '../clients/fit.ts';
import { clientOf, fillValues, pingMs } from '../clients/ways.ts';
import { ROUND_TRIPS_MS, roundTripsOf, SIZES, timeBatch, type Way } from './batches.ts';

/** An arm has the name of its way. */
const wayOf = ({ name }: Pick<Arm, 'name'>): Way => name as Way;

const wait = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0);

/** All sizes over all round trips; and how many round trips a batch took, from how it grew with theirs. */
export const protocol: Protocol = {
  seconds(arm) {
    const batches = SIZES.map(
      (n) => roundTripsOf(wayOf(arm), n) * (wayOf(arm) === 'one-by-one' ? 1.3 : 15),
    );
    return 0.8 + (wait(batches) * (wait(ROUND_TRIPS_MS) + 0.7)) / 1000;
  },
  async run(hands) {
    const way = wayOf(hands.arm);
    const port = Number(new URL(hands.urls.redis).port);
    await fillValues(hands.redis);
    const samples: Findings['samples'] = {};
    for (const roundTripMs of ROUND_TRIPS_MS) {
      await throughLink(port, roundTripMs, async (at) => {
        samples[cellName('pingMs', roundTripMs)] = [await pingMs(at)];
        const client = clientOf(at);
        try {
          for (const n of SIZES) {
            samples[cellName('batchMs', roundTripMs, n)] = [await timeBatch(client, way, n)];
          }
        } finally {
          client.disconnect();
        }
      });
    }
    for (const n of SIZES) {
      const trips = tripsOf(samples, n);
      if (trips !== null) samples[cellName('roundTrips', n)] = [trips];
    }
    const stats = await commandStats(hands.redis);
    const commands = (stats.get('get')?.calls ?? 0) + (stats.get('mget')?.calls ?? 0);
    return {
      ...{ load: null, problems: [] },
      findings: { totals: { commands }, samples, series: [], notes: [] },
    };
  },
};

/** Slope of a batch's time against the round trip as a PING measures it: each one that it waits for adds one. */
function tripsOf(samples: Findings['samples'], n: number): number | null {
  const points = ROUND_TRIPS_MS.flatMap((roundTripMs) => {
    const ping = samples[cellName('pingMs', roundTripMs)]?.[0];
    const batch = samples[cellName('batchMs', roundTripMs, n)]?.[0];
    return ping === undefined || batch === undefined ? [] : [[ping, batch] as const];
  });
  return lineThrough(points)?.slope ?? null;
}
