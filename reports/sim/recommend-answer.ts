import type { RecommendationResult, RecommendationRow } from '../../lab/sim/result.ts';
import { list, number, percent } from '../format.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From when on which unit is used. */
const UNITS = [
  { fromMs: 2 * DAY, ms: DAY, name: 'd' },
  { fromMs: HOUR, ms: HOUR, name: 'h' },
  { fromMs: 2 * MINUTE, ms: MINUTE, name: 'min' },
  { fromMs: 1000, ms: 1000, name: 's' },
];

/** A time as people say it: `870 ms`, `26 s`, `15 min`, `3 h`, `7 d`. */
export function timeText(ms: number): string {
  const unit = UNITS.find(({ fromMs }) => ms >= fromMs) ?? { ms: 1, name: 'ms' };
  return `${number(ms / unit.ms)} ${unit.name}`;
}

/** Memory in the words of redis.conf: `64mb`, `1.5gb`. */
export function memoryText(bytes: number): string {
  return bytes >= 2 ** 30 ? `${number(bytes / 2 ** 30)}gb` : `${number(bytes / 2 ** 20)}mb`;
}

/** What a stampede is met with. */
export const DEFENCE_TEXT = {
  none: 'none',
  'single-flight': 'single-flight',
  lock: 'a lock and single-flight',
} as const;

/** The finding in a few sentences: the choice, or what stands in its way. */
export function recommendationAnswer(result: RecommendationResult): string {
  const { chosen, expected, asked, stampede } = result;
  if (chosen === null) return withoutChoice(result);
  const hits =
    expected === null
      ? ''
      : ` [${percent(expected.hitRatio.low)}, ${percent(expected.hitRatio.high)}]`;
  const spread = chosen.jitter === 0 ? '' : ` ± ${percent(chosen.jitter)}`;
  const limit = asked.dbRps === null ? '' : ` of the ${number(asked.dbRps)} allowed`;
  return [
    `Preset ${chosen.way} with a TTL of ${timeText(chosen.ttlMs)}${spread}, ${chosen.policy} in ${memoryText(chosen.memoryBytes)}, stampede defence: ${DEFENCE_TEXT[stampede.defence]}.`,
    `It hits ${percent(chosen.hitRatio)}${hits} and asks for ${number(chosen.loadsPerSecond)} loads a second: ${number(chosen.loadsPerSecond * asked.selectsPerLoad)} SELECTs/s, in the fullest second ${number(chosen.peakSelectsPerSecond)}${limit}.`,
    `No page is older than ${timeText(chosen.boundMs)} as promised${staleText(chosen)}.`,
  ].join(' ');
}

function staleText({ staleShare, longestStaleMs }: RecommendationRow): string {
  if (staleShare === null) return '';
  if (longestStaleMs === null) return '; in the trace none was old';
  return `; in the trace ${percent(staleShare)} of the reads were old, by ${timeText(longestStaleMs)} at most`;
}

function withoutChoice({ bindings, asked, byWay }: RecommendationResult): string {
  const { maxStaleMs, dbRps } = asked;
  const stale = `--max-stale ${flagTime(maxStaleMs)}`;
  const rate = `--db-rps ${dbRps ?? 0}`;
  if (bindings.length === 0)
    return `Nothing meets both ${stale} and ${rate}: no single one of them is in the way, both have to give.`;
  const load = bindings.find(({ constraint }) => constraint === 'db-rps');
  const first =
    load === undefined
      ? `No way to stay fresh promises ${stale} here${byWay.length === 0 ? ': the shortest promise is longer' : ''}.`
      : `No TTL meets ${rate}: the best asks for ${number(load.needed)} SELECTs in its fullest second (${rowText(load.row)}).`;
  const ways = bindings.map(({ constraint, needed, row }) => {
    if (constraint === 'db-rps') return `--db-rps ${Math.ceil(needed)}`;
    const value = constraint === 'memory' ? memoryText(needed) : flagTime(needed);
    return `--${constraint} ${value} (${rowText(row)})`;
  });
  const only = ways.length === 1 ? 'What would do' : 'Any one of these would do';
  return `${first} ${only}: ${ways.join('; ')}. ${bindingText(bindings.map(({ constraint }) => `--${constraint}`))}`;
}

function bindingText(names: readonly string[]): string {
  return names.length === 1 ? `${names.join('')} is what binds.` : `${list(names)} bind.`;
}

/** `cached, TTL 26 s, allkeys-lru in 64mb`. */
function rowText({ way, ttlMs, policy, memoryBytes }: RecommendationRow): string {
  return `${way}, TTL ${timeText(ttlMs)}, ${policy} in ${memoryText(memoryBytes)}`;
}

/** As the flag takes it, rounded up. */
function flagTime(ms: number): string {
  return ms < 1000 ? `${Math.ceil(ms)}ms` : `${Math.ceil(ms / 100) / 10}s`;
}
