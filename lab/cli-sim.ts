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
