import { Command, CommanderError, Option } from 'commander';
import { addSimulation } from './cli-sim.ts';
import { EXIT, LabError } from './errors.ts';
import type { RawOptions } from './options.ts';

const EXAMPLES = `
Examples
  npm run bench                                          the headline: about 12 minutes, with verdicts
  npm run bench -- --profile quick                       a first look over all experiments, no verdict words
  npm run bench -- latency --arms uncached,cached --rate 40 --db-latency 10
  npm run bench -- --resume 2026-11-22-101500            goes on where a run was cut off
  npm run lab -- plan --profile standard                 what would run, and for how long`;

/** Examples of one command, below its options. */
function examples(...lines: string[]): string {
  return ['', `Example${lines.length > 1 ? 's' : ''}`, ...lines.map((line) => `  ${line}`)].join(
    '\n',
  );
}

/** Options that shape a run; shared by \`bench\` and \`plan\`. */
function withRunOptions(command: Command): Command {
  return command
    .argument('[experiments...]', 'experiments to run, by name (default: those of the profile)')
    .addOption(
      new Option('--profile <name>', 'headline, quick, standard or full (default: headline)'),
    )
    .option('--arms <names>', 'only these arms, separated by commas')
    .option('--rate <per second>', 'arrival rate of page requests, 0.1 to 20000')
    .option('--ttl <seconds>', 'TTL of cached pages, 1 to 604800 (default: 3600)')
    .option('--stores <count>', 'stores beside the restaurant, 0 to 100000 (default: 1000)')
    .option('--update-rate <per second>', 'price updates in arms that have them, 0.01 to 100')
    .option('--server-processes <count>', 'server processes, 1 to 16 (default: each arm’s own)')
    .option('--seed <number>', 'of data, order and latency draws (default: 1)')
    .option('--db-latency <ms>', 'added to each database round trip: 0, 10, 5-10 (default: 5-10)')
    .option('--config <file>', 'JSON file with these options; flags override it');
}

const program = new Command('cachelab')
  .description('A laboratory for caching decisions: real Postgres, real Redis, real k6.')
  .addHelpText('after', EXAMPLES)
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

withRunOptions(program.command('bench'))
  .description('sets everything up, runs experiments, writes a report')
  .option('--resume <run>', 'take up a run that was cut off, with its own options')
  .option('--retry-invalid', 'with --resume: try again what stayed without a valid trial', false)
  .option('--require-verdict', 'exit code 4 when a primary comparison stays without verdict', false)
  .option('--json', 'print the result as JSON on stdout', false)
  .addHelpText('after', EXAMPLES)
  .action(async (experiments: string[], flags: RawOptions) => {
    const { resume, retryInvalid, json, requireVerdict, ...rest } = flags;
    const { parseRunOptions } = await import('./options.ts');
    const run = parseRunOptions(experiments, rest);
    const { benchCommand } = await import('./commands/bench.ts');
    process.exitCode = await benchCommand({
      run,
      resume: typeof resume === 'string' ? resume : null,
      retryInvalid: retryInvalid === true,
      json: json === true,
      requireVerdict: requireVerdict === true,
      command: ['npm run bench', ...reproducing(process.argv.slice(3))].join(' '),
    });
  });

withRunOptions(program.command('plan'))
  .description('prints the trials and the time they should take; runs nothing')
  .option('--json', 'print the plan as JSON', false)
  .addHelpText(
    'after',
    examples(
      'npm run lab -- plan',
      'npm run lab -- plan --profile standard',
      'npm run lab -- plan latency --arms uncached,cached --seed 7 --json',
    ),
  )
  .action(async (experiments: string[], flags: RawOptions) => {
    const { json, ...rest } = flags;
    const { parseRunOptions } = await import('./options.ts');
    const { planCommand } = await import('./commands/plan.ts');
    process.exitCode = planCommand({
      run: parseRunOptions(experiments, rest),
      json: json === true,
    });
  });

program
  .command('report')
  .argument('<run>', 'run id: the name of a folder in reports/runs')
  .description('writes the report of a run again from its records')
  .option('--json', 'print the result as JSON', false)
  .addHelpText('after', examples('npm run lab -- report 2026-11-22-101500'))
  .action(async (run: string, flags: { json: boolean }) => {
    const { reportCommand } = await import('./commands/report.ts');
    process.exitCode = await reportCommand({ run, json: flags.json });
  });

program
  .command('compare')
  .argument('<run-a>', 'the earlier run: its id, its folder or its results.json')
  .argument('<run-b>', 'the later run')
  .description('what changed between two runs, with intervals; refuses runs that do not compare')
  .option('--fail-on <what>', 'regression: exit code 3 when one is found')
  .option('--cross-host', 'other machine: counts and ratios to own baseline alone', false)
  .option('--json', 'print the comparison as JSON', false)
  .addHelpText(
    'after',
    examples(
      'npm run lab -- compare 2026-11-22-101500 2026-11-23-090000',
      'npm run lab -- compare baseline.json reports/runs/2026-11-23-090000 --fail-on regression',
    ),
  )
  .action(
    async (a: string, b: string, flags: { failOn?: string; crossHost: boolean; json: boolean }) => {
      const { compareCommand } = await import('./commands/compare.ts');
      const { failOn = null, crossHost, json } = flags;
      process.exitCode = compareCommand({ a, b, failOn, crossHost, json });
    },
  );

program
  .command('list')
  .description('experiments, arms and policies')
  .option('--json', 'as JSON', false)
  .addHelpText('after', examples('npm run lab -- list', 'npm run lab -- list --json'))
  .action(async (flags: { json: boolean }) => {
    const { listCommand } = await import('./commands/list.ts');
    process.exitCode = listCommand(flags);
  });

program
  .command('up')
  .description('starts Postgres, Redis and the demo server in the foreground; Ctrl-C ends them')
  .option('--port <number>', 'port of the server, 0 to 65535 (default: a free one near 3000)')
  .option('--policy <name>', 'policy preset (default: cached)')
  .option('--stores <count>', 'stores beside the restaurant (default: 1000)')
  .option('--seed <number>', 'seed of the data (default: 1)')
  .option('--db-latency <ms>', 'added to each database round trip (default: 5-10)')
  .addHelpText(
    'after',
    examples(
      'npm run lab -- up',
      'npm run lab -- up --policy uncached --db-latency 10',
      'npm run lab -- up --port 8080 --stores 0',
    ),
  )
  .action(async (flags: Record<string, string | undefined>) => {
    const { up } = await import('./commands/up.ts');
    process.exitCode = await up(flags);
  });

program
  .command('workshop')
  .description(
    'opens a room with real services and the page that breaks and heals them; Ctrl-C ends it',
  )
  .option('--port <number>', 'of the page, 0 to 65535 (default: 4000 or the next free one)')
  .option('--stores <count>', 'stores beside the restaurant, 0 to 10000 (default: 200)')
  .option('--lan', 'for others on this network too, by links with a token', false)
  .option('--open', 'open the page in a browser', false)
  .addHelpText(
    'after',
    examples(
      'npm run workshop',
      'npm run workshop -- --open --port 8080',
      'npm run workshop -- --lan --stores 1000',
    ),
  )
  .action(async (flags: { port?: string; stores?: string; lan: boolean; open: boolean }) => {
    const { workshop } = await import('./commands/workshop.ts');
    process.exitCode = await workshop(flags);
  });

program
  .command('down')
  .description('ends an `up` of this checkout')
  .addHelpText('after', examples('npm run lab -- down'))
  .action(async () => {
    const { down } = await import('./commands/down.ts');
    process.exitCode = await down();
  });

program
  .command('top')
  .description('live figures of a running store, its cache and its Redis; Ctrl-C ends')
  .option('--url <address>', 'of the store', 'http://127.0.0.1:3000')
  .option('--every <time>', 'between two readings, 200ms to 1h', '1s')
  .option('--once', 'one reading, with totals since the last reset', false)
  .option('--json', 'one JSON object a line', false)
  .addHelpText(
    'after',
    examples(
      'npm run lab -- top',
      'npm run lab -- top --url http://127.0.0.1:8080 --every 5s | tee top.log',
      'npm run lab -- top --once --json',
    ),
  )
  .action(async (flags: { url: string; every: string; once: boolean; json: boolean }) => {
    const { topCommand } = await import('./commands/top.ts');
    process.exitCode = await topCommand(flags);
  });

program
  .command('doctor')
  .description('what is installed, what is missing, and what to type')
  .option('--json', 'as JSON', false)
  .addHelpText('after', examples('npm run lab -- doctor'))
  .action(async (flags: { json: boolean }) => {
    const { doctor } = await import('./commands/doctor.ts');
    process.exitCode = await doctor(flags);
  });

program
  .command('clean')
  .description('ends leftovers and removes what the lab keeps on disk')
  .option('--cache', 'also downloaded and built tools, and traces that were read', false)
  .option('--runs', 'also the runs with their reports', false)
  .addHelpText('after', examples('npm run lab -- clean', 'npm run lab -- clean --cache'))
  .action(async (flags: { cache: boolean; runs: boolean }) => {
    const { clean } = await import('./commands/clean.ts');
    process.exitCode = await clean(flags);
  });

program
  .command('verify')
  .argument('<criterion>', 'name of a check; an unknown one lists them all, with their times')
  .description('long checks of the lab itself, with n and verdict')
  .option('--resume <run>', 'take up a check that was cut off')
  .addHelpText('after', examples('npm run verify -- aa'))
  .action(async (criterion: string, flags: { resume?: string }) => {
    const { verifyCommand } = await import('./commands/verify.ts');
    process.exitCode = await verifyCommand(criterion, flags.resume ?? null);
  });

program
  .command('perf')
  .argument('[what]', 'hits or sim', 'hits')
  .description('requests per second of a cache hit against a bare handler, or of the simulator')
  .option('--requests <count>', 'sim: of each generated trace (default: 20000000)')
  .option('--runs <count>', 'sim: interleaved rounds, 1 to 100 (default: 5)')
  .option('--peer', 'sim: libcachesim in the same rounds', false)
  .option('--trace <file>', 'sim: a further trace')
  .addHelpText(
    'after',
    examples(
      'npm run perf',
      'npm run perf -- sim --requests 2000000',
      'npm run perf -- sim --peer',
    ),
  )
  .action(async (what: string, flags: RawOptions) => {
    if (what === 'sim') {
      const { perfSim } = await import('./perf-sim/perf-sim.ts');
      process.exitCode = await perfSim(flags);
      return;
    }
    if (what !== 'hits') {
      throw new LabError('E_BAD_OPTIONS', `perf measures hits or sim, not ${what}`, {
        hint: 'npm run perf, or npm run perf -- sim',
        exitCode: EXIT.badArguments,
      });
    }
    const { perf } = await import('./perf.ts');
    process.exitCode = await perf();
  });

program
  .command('exercise')
  .argument('[number]', 'of the exercise, 1 to 8; without it they are listed')
  .description('checks an exercise of the workshop’s guide on the workshop that runs')
  .option('--answer <number>', 'for exercises that ask for a number: yours')
  .addHelpText(
    'after',
    examples(
      'npm run lab -- exercise',
      'npm run lab -- exercise 1 --answer 100',
      'npm run lab -- exercise 5',
    ),
  )
  .action(async (number: string | undefined, flags: { answer?: string }) => {
    const { exerciseCommand } = await import('./commands/exercise.ts');
    process.exitCode = await exerciseCommand(number, flags);
  });

program
  .command('pack')
  .argument('[file]', 'to write: .tar.gz or .tar (default: cachelab-<platform>.tar.gz)')
  .description('writes the lab with all that it needs into one file, for machines without network')
  .addHelpText(
    'after',
    examples('npm run lab -- pack', 'npm run lab -- pack /media/stick/cachelab.tar.gz'),
  )
  .action(async (file: string | undefined) => {
    const { pack } = await import('./commands/pack.ts');
    process.exitCode = await pack(file);
  });

program
  .command('mutate')
  .description('plants defects one by one and asks the named test to catch each')
  .argument('[names...]', 'only these')
  .addHelpText('after', examples('npm run mutate', 'npm run mutate -- no-del-after-commit'))
  .action(async (names: string[]) => {
    const { mutate } = await import('./mutate/mutate.ts');
    process.exitCode = await mutate(names);
  });

addSimulation({ program, examples, reproducing });

/** Arguments as a shell would take them again. */
function reproducing(words: string[]): string[] {
  const quoted = words.map((word) => (/^[\w.,:/=-]+$/.test(word) ? word : `'${word}'`));
  return quoted.length === 0 ? [] : ['--', ...quoted];
}

// Whoever read our output has gone (`| head`): that is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.fine);
  throw error;
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = explain(error);
}

/** Tells the user what went wrong and what to do; a stack trace only for our own faults. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.fine : EXIT.badArguments;
  }
  if (error instanceof LabError) {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    if (error.hint !== undefined)
      process.stderr.write(`  ${error.hint.replaceAll('\n', '\n  ')}\n`);
    return error.exitCode;
  }
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.failed;
}
