import type { Command } from 'commander';
import type { RawOptions } from './options.ts';

/** What both files of the command line share. */
interface CommandLine {
  program: Command;
  /** Examples of one command, below its options. */
  examples: (...lines: string[]) => string;
  /** The command as a shell would take it again. */
  reproducing: (words: string[]) => string[];
}

/** Options that say where requests come from. */
function withSource(command: Command): Command {
  return command
    .option(
      '--trace <file>',
      'a trace: oracleGeneral (.zst too), Twitter, CSV, MONITOR, access log',
    )
    .option(
      '--generate <description>',
      'a trace made to order, e.g. zipf:exponent=1,objects=100000',
    )
    .option('--format <name>', 'format of the trace (default: told by its name and content)')
    .option('--columns <map>', 'which column of a CSV holds what, e.g. time=1,key=2,size=3')
    .option('--sample <share>', 'share of the keys that is kept, 0.0001 to 1 (default: 1)')
    .option('--limit <requests>', 'stop reading after so many requests')
    .option(
      '--max-bad <lines>',
      'malformed lines that are borne (default: 1 in 1,000, at least 100)',
    )
    .option(
      '--key-bytes <bytes>',
      'sizes become what Redis needs for a key of this length and the value',
    )
    .option('--seed <number>', 'of everything that is drawn (default: 1)');
}

function withOutput(command: Command): Command {
  return command
    .option('--json', 'print the result as JSON', false)
    .option('--csv <file>', 'write the rows as CSV')
    .option('--out <folder>', 'write a page with charts');
}

/** `sim …` and `trace …`. */
export function addSimulation({ program, examples, reproducing }: CommandLine): void {
  const sim = program
    .command('sim')
    .description('simulates caches over a trace: hit ratio, staleness, loads, memory');

  withOutput(withSource(sim.command('sweep')))
    .description('every policy at every size, every way of staying fresh at every TTL')
    .option('--policies <names>', 'eviction policies, separated by commas; a wrong name lists them')
    .option('--sizes <list>', 'cache sizes: 1%,10% or 1000,20000 objects or 64mb,1gb')
    .option('--ttls <list>', 'TTLs: 10s,1m,1h; needs a trace with times')
    .option('--freshness <names>', 'presets of the server, e.g. cached,swr,lease (default: cached)')
    .option('--load-ms <ms>', 'how long a load takes, 0 to 3600000 (default: 0)')
    .option('--update-rate <per second>', 'changes of each object beside those of the trace')
    .option(
      '--warm <share>',
      'share of the requests that only fill the cache, 0 to 0.99 (default: 0)',
    )
    .option('--threads <count>', '1 to 256 (default: one a core)')
    .addHelpText(
      'after',
      examples(
        'npm run lab -- sim sweep --generate zipf:exponent=1,objects=100000,requests=1000000',
        'npm run lab -- sim sweep --trace access.log --policies lru,sieve,belady --sizes 1%,10%',
        'npm run lab -- sim sweep --trace t.csv --columns time=1,key=2 --ttls 10s,1m,1h --freshness cached,swr --out report',
      ),
    )
    .action(async (flags: RawOptions) => {
      const { sweepCommand } = await import('./commands/sim.ts');
      const [rest, output] = withoutOutput(flags);
      process.exitCode = await sweepCommand(rest, { ...output, command: again() });
    });

  withSource(sim.command('run'))
    .description('one cache in detail: hits, staleness, loads, memory')
    .option('--policy <name>', 'eviction policy (default: lru)')
    .option('--size <size>', 'as --sizes of sweep; without it memory has no end')
    .option('--ttl <time>', 'life of a copy, e.g. 30s; without it copies never expire')
    .option('--freshness <name>', 'preset of the server, e.g. swr (default: cached)')
    .option('--jitter <share>', "0 to 0.9, in place of the preset's own")
    .option('--load-ms <ms>', 'how long a load takes, 0 to 3600000 (default: 0)')
    .option('--update-rate <per second>', 'changes of each object beside those of the trace')
    .option(
      '--warm <share>',
      'share of the requests that only fill the cache, 0 to 0.99 (default: 0)',
    )
    .option('--json', 'print the result as JSON', false)
    .addHelpText(
      'after',
      examples(
        'npm run lab -- sim run --generate stores:requests=200000,updates=0.01 --ttl 60s --freshness swr --load-ms 900',
        'npm run lab -- sim run --trace access.log --policy redis-allkeys-lru --size 64mb',
        'npm run lab -- sim run --trace t.csv --columns time=1,key=2 --ttl 5m --size 10%',
      ),
    )
    .action(async (flags: RawOptions) => {
      const { simRunCommand } = await import('./commands/sim-run.ts');
      const [rest, { json }] = withoutOutput(flags);
      process.exitCode = await simRunCommand(rest, json);
    });

  withOutput(withSource(sim.command('mrc')))
    .description('the miss-ratio curve of one policy over all sizes')
    .option('--policy <name>', 'lru is counted in one pass, others size by size (default: lru)')
    .option('--points <count>', 'sizes, evenly spaced by their logarithm, 2 to 1000 (default: 20)')
    .option('--rate <share>', 'estimate from a share of the objects, 0.0001 to 1 (default: 1)')
    .option(
      '--warm <share>',
      'share of the requests that only fill the cache, 0 to 0.99 (default: 0)',
    )
    .addHelpText(
      'after',
      examples(
        'npm run lab -- sim mrc --generate zipf:exponent=1,objects=100000,requests=1000000',
        'npm run lab -- sim mrc --trace cluster52.oracleGeneral.zst --rate 0.01',
        'npm run lab -- sim mrc --trace access.log --policy sieve --points 10 --out report',
      ),
    )
    .action(async (flags: RawOptions) => {
      const { curveCommand } = await import('./commands/sim.ts');
      const [rest, output] = withoutOutput(flags);
      process.exitCode = await curveCommand(rest, { ...output, command: again() });
    });

  withOutput(withSource(sim.command('recommend')))
    .description('the cheapest cache that keeps your promises: TTL, memory, policy, defences')
    .option('--max-stale <time>', 'how old a page may be, e.g. 30s, up to 365d')
    .option('--memory <bytes>', 'what Redis may take, e.g. 512mb')
    .option('--db-rps <per second>', 'SELECTs that the database bears (default: any number)')
    .option('--selects-per-load <count>', 'SELECTs of one load, 1 to 1000000 (default: 114)')
    .option('--load-ms <ms>', 'how long a load takes, 0 to 600000 (default: 870)')
    .option('--invalidation <yes|no>', 'whether you can invalidate after a change (default: no)')
    .option('--processes <count>', 'server processes, 1 to 1000 (default: 1)')
    .option('--value-bytes <bytes>', 'size of a value where the trace has none (default: 500)')
    .option('--update-rate <per second>', 'changes of each object beside those of the trace')
    .option(
      '--warm <share>',
      'share of the requests that only fill the cache, 0 to 0.9 (default: 0.2)',
    )
    .option('--threads <count>', '1 to 256 (default: one a core)')
    .addHelpText(
      'after',
      examples(
        'npm run lab -- sim recommend --trace access.log --max-stale 30s --memory 512mb',
        'npm run lab -- sim recommend --generate stores:requests=200000,updates=0.01 --max-stale 1m --memory 64mb --db-rps 2000',
        'npm run lab -- sim recommend --trace t.csv --columns time=1,key=2,size=3 --max-stale 5m --memory 1gb --invalidation yes --out report',
      ),
    )
    .action(async (flags: RawOptions) => {
      const { recommendCommand } = await import('./commands/sim-recommend.ts');
      const [rest, output] = withoutOutput(flags);
      process.exitCode = await recommendCommand(rest, { ...output, command: again() });
    });

  withOutput(withSource(sim.command('validate')))
    .description(
      'the model of Redis against a real one, policy by policy; exit code 3 when they part',
    )
    .option(
      '--long',
      'a million requests a replay, at the fast and at the real clock: minutes',
      false,
    )
    .addHelpText(
      'after',
      examples(
        'npm run lab -- sim validate',
        'npm run lab -- sim validate --long',
        'npm run lab -- sim validate --trace access.log --out report',
      ),
    )
    .action(async (flags: RawOptions) => {
      const { validateCommand } = await import('./commands/sim-validate.ts');
      const [rest, output] = withoutOutput(flags);
      process.exitCode = await validateCommand(rest, { ...output, command: again() });
    });

  const trace = program
    .command('trace')
    .description('describes traces, and records one from Redis');

  withSource(trace.command('info'))
    .description('what a trace is like: objects, popularity, reuse, times, sizes')
    .option('--json', 'print it as JSON', false)
    .addHelpText(
      'after',
      examples(
        'npm run lab -- trace info --trace access.log',
        'npm run lab -- trace info --generate mix:requests=1000000',
        'npm run lab -- trace info --trace t.csv --columns time=1,key=2 --json',
      ),
    )
    .action(async (flags: RawOptions) => {
      const { traceInfoCommand } = await import('./commands/trace.ts');
      const [rest, { json }] = withoutOutput(flags);
      process.exitCode = await traceInfoCommand(rest, json);
    });

  trace
    .command('capture')
    .description('records the keys that a Redis is asked for: bounded, never a value')
    .option('--redis <url>', 'the server, e.g. redis://127.0.0.1:6379')
    .option('--seconds <seconds>', '0.1 to 3600 (default: 60)')
    .option('--max-bytes <bytes>', 'the file is never larger, from 1000 (default: 268435456)')
    .option('--hash-keys', 'write a hash in place of each key; nobody keeps its salt', false)
    .option('--out <file>', 'CSV to write; must not exist (default: trace.csv)')
    .addHelpText(
      'after',
      examples(
        'npm run lab -- trace capture --redis redis://127.0.0.1:6379 --seconds 60',
        'npm run lab -- trace capture --redis redis://cache:6379 --hash-keys --out monday.csv',
      ),
    )
    .action(async (flags: RawOptions) => {
      const { traceCaptureCommand } = await import('./commands/trace.ts');
      process.exitCode = await traceCaptureCommand(flags);
    });

  const again = (): string => ['npm run lab', ...reproducing(process.argv.slice(2))].join(' ');
}

interface Output {
  json: boolean;
  csv: string | null;
  out: string | null;
}

/** Flags that shape the simulation, and those that say where its answer goes. */
function withoutOutput(flags: RawOptions): [RawOptions, Output] {
  const { json, csv, out, ...rest } = flags;
  return [rest, { json: json === true, csv: pathOf(csv), out: pathOf(out) }];
}

function pathOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
