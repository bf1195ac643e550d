/** What a description may set: its range, and what it means. Every default stands in `KINDS`, or none is needed. */
interface Parameter {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  readonly meaning: string;
}

const parameter = (min: number, max: number, whole: boolean, meaning: string): Parameter => ({
  min,
  max,
  whole,
  meaning,
});

/** What can be set in a description, under these names. */
export type ParameterName =
  | 'requests'
  | 'seed'
  | 'objects'
  | 'exponent'
  | 'loop'
  | 'hot'
  | 'hotShare'
  | 'every'
  | 'rate'
  | 'burst'
  | 'amplitude'
  | 'period'
  | 'size'
  | 'sigma'
  | 'updates'
  | 'updated';

const PARAMETERS: Record<ParameterName, Parameter> = {
  requests: parameter(1, 1e9, true, 'reads'),
  seed: parameter(0, Number.MAX_SAFE_INTEGER, true, 'of every draw'),
  objects: parameter(1, 1e8, true, 'objects that may be asked for'),
  exponent: parameter(
    0,
    5,
    false,
    'of the Zipf law: rank r is asked for in proportion to r^-exponent',
  ),
  loop: parameter(1, 1e8, true, 'objects of the cyclic part'),
  hot: parameter(1, 1e8, true, 'objects of the hot set'),
  hotShare: parameter(0, 1, false, 'share of the requests that go to the hot set'),
  every: parameter(1, 1e9, true, 'requests after which the hot set moves on by one object'),
  rate: parameter(0.001, 1e7, false, 'reads per second; without it the trace has no times'),
  burst: parameter(1, 1e6, true, 'requests that come together'),
  amplitude: parameter(
    0,
    1,
    false,
    'of the rate over a period: 0.5 is from half to one and a half',
  ),
  period: parameter(0.001, 1e7, false, 'seconds from peak to peak of the rate'),
  size: parameter(1, 2 ** 30, false, 'median bytes of an object; without it all count as one'),
  sigma: parameter(0, 4, false, 'standard deviation of the logarithm of an object’s bytes'),
  updates: parameter(
    0,
    1e4,
    false,
    'writes per second of each updated object, as a Poisson process',
  ),
  updated: parameter(1, 1e8, true, 'objects that are updated, the hottest first; all when absent'),
};

/** When requests come: evenly, by a Poisson process, in groups that come by one, or by one whose rate goes up and down. */
export type Arrivals = 'constant' | 'poisson' | 'bursts' | 'diurnal';

const ARRIVALS: readonly Arrivals[] = ['constant', 'poisson', 'bursts', 'diurnal'];

type Defaults = Partial<Record<ParameterName, number>>;

export type TraceKind = 'zipf' | 'uniform' | 'loop' | 'scan' | 'shifting' | 'mix' | 'stores';

/** Which object each request asks for, and the defaults of what describes it. */
const KINDS: Record<TraceKind, Defaults> = {
  /** Independent draws by Zipf's law. */
  zipf: { objects: 100_000, exponent: 1 },
  /** Independent draws, all objects alike. */
  uniform: { objects: 100_000 },
  /** All objects in turn, again and again. */
  loop: { objects: 100_000 },
  /** No object twice. */
  scan: {},
  /** A hot set that moves on through the objects; the other requests go to any object. */
  shifting: { objects: 100_000, hot: 1000, hotShare: 0.9, every: 100 },
  /** Bursts of 4,096 of one sort: 70 % Zipf, 25 % a loop, 5 % a scan, each over objects of its own. */
  mix: { objects: 1_000_000, exponent: 0.9, loop: 400_000 },
  /** The pages of the experiment `hit-ratio`: 1,000 stores by Zipf's law, Poisson arrivals at 200 a second. */
  stores: { objects: 1000, exponent: 1, rate: 200 },
};

/** Set for any kind. */
const COMMON: readonly ParameterName[] = [
  'requests',
  'seed',
  'rate',
  'size',
  'sigma',
  'updates',
  'updated',
];
const OF_ARRIVALS: Record<Arrivals, Defaults> = {
  constant: {},
  poisson: {},
  bursts: { burst: 100 },
  diurnal: { amplitude: 0.8, period: 86_400 },
};

/**
 * A trace to generate, under the names that the command line uses: units and ranges stand in `PARAMETERS`.
 * What is absent has a default, or is left out of the trace (`rate`, `size`, `updates`).
 */
export type TraceDescription = { readonly kind: TraceKind; readonly arrivals?: Arrivals } & {
  readonly [Name in ParameterName]?: number;
};

/** A description whose values are all in range, with its defaults filled in. */
export type CompleteDescription = TraceDescription & {
  readonly requests: number;
  readonly seed: number;
  readonly arrivals: Arrivals;
};

const isParameter = (name: string): name is ParameterName => Object.hasOwn(PARAMETERS, name);
const isKind = (name: string): name is TraceKind => Object.hasOwn(KINDS, name);
const isArrivals = (name: string): name is Arrivals => ARRIVALS.some((one) => one === name);

/**
 * Fills in the defaults.
 * @throws RangeError with every problem at once, each with its value and what is allowed.
 */
export function complete(description: TraceDescription): CompleteDescription {
  const { kind, arrivals = 'poisson' } = description;
  if (!isKind(kind)) throw new RangeError(`${String(kind)}: no such trace; ${kindsHint()}`);
  if (!isArrivals(arrivals)) throw new RangeError(arrivalsProblem(String(arrivals)));
  const defaults = { requests: 1_000_000, seed: 1, ...KINDS[kind], ...OF_ARRIVALS[arrivals] };
  const filled: CompleteDescription = { ...defaults, ...description, arrivals };
  const allowed = new Set<string>([...COMMON, ...Object.keys(defaults)]);
  const problems: string[] = [];
  for (const [name, value] of Object.entries(description)) {
    if (name === 'kind' || name === 'arrivals') continue;
    if (!allowed.has(name)) problems.push(unknownProblem(kind, name, allowed));
    else if (isParameter(name)) problems.push(...rangeProblem(name, Number(value)));
  }
  if (description.arrivals !== undefined && filled.rate === undefined)
    problems.push(`arrivals=${arrivals} needs a rate, e.g. rate=1000`);
  if (filled.updates !== undefined && filled.rate === undefined)
    problems.push(`updates=${filled.updates} needs a rate of the reads, e.g. rate=1000`);
  if (filled.sigma !== undefined && filled.size === undefined)
    problems.push(`sigma=${filled.sigma} needs a median size, e.g. size=1000`);
  if (filled.updated !== undefined && filled.updates === undefined)
    problems.push(`updated=${filled.updated} needs their rate, e.g. updates=0.2`);
  if (filled.hot !== undefined && filled.objects !== undefined && filled.hot > filled.objects)
    problems.push(`hot=${filled.hot}: must be a whole number from 1 to objects=${filled.objects}`);
  if (problems.length > 0) throw new RangeError(problems.join('\n'));
  return filled;
}

/**
 * Reads a description as the command line takes it.
 * @example parseDescription('zipf:exponent=1,objects=100000,requests=1000000,rate=1000')
 * @throws RangeError with every problem at once, each with its value and what is allowed.
 */
export function parseDescription(text: string): TraceDescription {
  const colon = text.indexOf(':');
  const kind = (colon < 0 ? text : text.slice(0, colon)).trim();
  if (!isKind(kind)) throw new RangeError(`${kind || '(empty)'}: no such trace; ${kindsHint()}`);
  const parts = colon < 0 ? [] : text.slice(colon + 1).split(',');
  const given = new Map<string, string>();
  const problems: string[] = [];
  for (const part of parts.map((one) => one.trim()).filter((one) => one !== '')) {
    const [name = '', value = ''] = part.split('=', 2).map((side) => side.trim());
    if (value === '') problems.push(`${part}: write it as name=value, e.g. requests=1000000`);
    else if (given.has(name)) problems.push(`${part}: ${name} is given twice`);
    else given.set(name, value);
  }
  const arrivals = given.get('arrivals');
  if (arrivals !== undefined && !isArrivals(arrivals)) problems.push(arrivalsProblem(arrivals));
  if (problems.length > 0) throw new RangeError(problems.join('\n'));
  given.delete('arrivals');
  const description = {
    kind,
    ...(arrivals !== undefined && isArrivals(arrivals) ? { arrivals } : {}),
    ...Object.fromEntries([...given].map(([name, value]) => [name, Number(value)])),
  } as TraceDescription;
  complete(description);
  return description;
}

function rangeProblem(name: ParameterName, value: number): string[] {
  const { min, max, whole, meaning } = PARAMETERS[name];
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return [];
  const sort = whole ? 'a whole number' : 'a number';
  return [`${name}=${value}: must be ${sort} from ${min} to ${max} (${meaning})`];
}

function unknownProblem(kind: TraceKind, name: string, allowed: ReadonlySet<string>): string {
  const known = [...allowed, 'arrivals'].sort().join(', ');
  const elsewhere = ARRIVALS.find((one) => Object.hasOwn(OF_ARRIVALS[one], name));
  const hint = elsewhere === undefined ? '' : `; ${name} goes with arrivals=${elsewhere}`;
  return `${name}: ${kind} has no such parameter; it takes ${known}${hint}`;
}

function arrivalsProblem(value: string): string {
  return `arrivals=${value}: must be one of ${ARRIVALS.join(', ')}`;
}

function kindsHint(): string {
  return `it must be one of ${Object.keys(KINDS).join(', ')}, e.g. zipf:exponent=1,objects=100000,requests=1000000,rate=1000`;
}
