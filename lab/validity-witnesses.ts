import type { Flag, Measurement } from './result.ts';

/** A load that failed half-way ran some of its SELECTs and is no load; Postgres does not count one that was cancelled. */
function halfLoadedSelects({ counts, server }: Measurement, selectsPerLoad: number | null): number {
  return (counts.failed + server.shed) * (selectsPerLoad ?? MOST_SELECTS_PER_LOAD);
}

/** Of the largest page there is. */
const MOST_SELECTS_PER_LOAD = 114;

/** The arm's page must cost what the arm declares: otherwise it is not the arm that was measured. */
export function judgeSelects(measurement: Measurement, selectsPerLoad: number | null): Flag[] {
  if (selectsPerLoad === null) return [];
  const { server } = measurement;
  const declared = server.loads * selectsPerLoad;
  const slack = halfLoadedSelects(measurement, selectsPerLoad);
  if (Math.abs(server.selects - declared) <= slack) return [];
  const each = server.loads === 0 ? server.selects : server.selects / server.loads;
  return [
    invalid(
      'wrong-state',
      `${server.loads} page loads ran ${server.selects} SELECTs (${each.toFixed(1)} each), declared ${selectsPerLoad}`,
    ),
  ];
}

/** Counts that two sides took must be the same. Only requests that k6 gave up waiting for may be known to one side alone. */
export function judgeWitnesses(measurement: Measurement, selectsPerLoad: number | null): Flag[] {
  const flags: Flag[] = [];
  const { counts, server, postgres, clientOutcomes } = measurement;
  const missed = postgres === null ? 0 : Math.abs(server.selectsWholeTrial - postgres.selects);
  if (postgres !== null && missed > halfLoadedSelects(measurement, selectsPerLoad)) {
    flags.push(
      invalid(
        'witnesses-disagree',
        `the server counts ${server.selectsWholeTrial} SELECTs in the whole trial, Postgres ${postgres.selects}`,
      ),
    );
  }
  // Interrupted at the end of the trial: k6 leaves no sample of those.
  const interrupted =
    measurement.offeredRatePerSecond === null
      ? measurement.virtualUsers
      : Math.max(0, counts.offered - counts.dropped - counts.started);
  const most = counts.started + interrupted;
  if (server.requests < counts.completed || server.requests > most) {
    flags.push(
      invalid(
        'witnesses-disagree',
        `k6 has ${counts.completed} answers (${most} requests), the server counts ${server.requests}`,
      ),
    );
  }
  if (Object.keys(clientOutcomes).length === 0) return flags;
  const unanswered = most - counts.completed;
  const names = new Set([...Object.keys(clientOutcomes), ...Object.keys(server.outcomes)]);
  for (const name of names) {
    const client = Object.entries(clientOutcomes).find(([one]) => one === name)?.[1] ?? 0;
    const own = Object.entries(server.outcomes).find(([one]) => one === name)?.[1] ?? 0;
    // k6 tags the outcome of good answers only, the server that of every request.
    if (client <= own && own <= client + unanswered + counts.failed) continue;
    flags.push(
      invalid(
        'witnesses-disagree',
        `k6 read the outcome "${name}" ${client} times, the server counts ${own}`,
      ),
    );
  }
  return flags;
}

function invalid(flag: 'wrong-state' | 'witnesses-disagree', detail: string): Flag {
  return { flag, severity: 'invalid', detail };
}
