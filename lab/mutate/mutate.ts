import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, type ExitCode, LabError } from '../errors.ts';
import { duration } from '../progress.ts';
import { cacheFolder } from '../provision/places.ts';
import { createSupervisor, type Supervisor } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';
import { copyCheckout } from './copy.ts';
import { type Defect, DEFECTS, plant } from './defects.ts';

/** A test that has not ended by then is a defect that was noticed: no test here waits so long. */
const TEST_TIMEOUT_MS = 5 * 60_000;

type Outcome = 'passed' | 'failed' | 'not run';

/**
 * `mutate`: plants each defect alone in a copy of the checkout and runs the one test that is named for it. A defect that this test
 * lets pass is missed, and so is one whose test fails without it.
 * @param names - Of the defects; all when empty.
 * @returns 0 when all were caught.
 * @throws LabError `E_UNKNOWN_DEFECT`.
 */
export async function mutate(names: string[]): Promise<ExitCode> {
  const unknown = names.filter((name) => DEFECTS.every((one) => one.name !== name));
  if (unknown.length > 0) {
    throw new LabError('E_UNKNOWN_DEFECT', `unknown defect: ${unknown.join(', ')}`, {
      hint: `known: ${DEFECTS.map((one) => one.name).join(', ')}`,
      exitCode: EXIT.badArguments,
    });
  }
  const chosen = DEFECTS.filter((one) => names.length === 0 || names.includes(one.name));
  // Ends what runs and removes the copy on every way out, a signal and kill -9 included.
  const supervisor = createSupervisor({ root: ROOT, label: 'mutate', onEvent: say });
  const startMs = Date.now();
  try {
    const copy = join(supervisor.runFolder, 'checkout');
    copyCheckout(ROOT, copy);
    let missed = 0;
    for (const defect of chosen) {
      const verdict = await tryOut(supervisor, copy, defect);
      if (verdict !== 'caught') missed += 1;
      process.stdout.write(
        `${verdict === 'caught' ? 'caught' : 'MISSED'}  ${defect.name} (${defect.file})` +
          `${verdict === 'caught' ? '' : `: ${verdict}`}\n        by ${defect.test.file}: ${defect.test.name}\n`,
      );
    }
    process.stdout.write(
      `${chosen.length - missed} caught, ${missed} missed, in ${duration((Date.now() - startMs) / 1000)}\n`,
    );
    return missed === 0 ? EXIT.fine : EXIT.failed;
  } finally {
    await supervisor.stopAll();
  }
}

/** @returns `caught`, or why the defect does not count as caught. */
async function tryOut(supervisor: Supervisor, copy: string, defect: Defect): Promise<string> {
  const sound = await runTest(supervisor, copy, defect.test);
  if (sound !== 'passed') return `without the defect the test has ${sound}`;
  const path = join(copy, defect.file);
  const original = readFileSync(path, 'utf8');
  writeFileSync(path, plant(original, defect));
  try {
    const outcome = await runTest(supervisor, copy, defect.test);
    return outcome === 'failed' ? 'caught' : `with the defect the test has ${outcome}`;
  } finally {
    writeFileSync(path, original);
  }
}

async function runTest(
  supervisor: Supervisor,
  copy: string,
  test: Defect['test'],
): Promise<Outcome> {
  const vitest = join(copy, 'node_modules', 'vitest', 'vitest.mjs');
  const output = join(supervisor.runFolder, 'test.json');
  rmSync(output, { force: true });
  const project = test.file.startsWith('test/') ? 'services' : 'unit';
  const pattern = test.name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  const run = supervisor.spawn(
    'vitest',
    process.execPath,
    [
      ...[vitest, 'run', test.file, '--project', project, '--testNamePattern', pattern],
      ...['--reporter', 'json', '--outputFile', output],
    ],
    { cwd: copy, env: { ...process.env, CACHELAB_CACHE: cacheFolder(ROOT, process.env) } },
  );
  const timer = setTimeout(() => void run.stop(), TEST_TIMEOUT_MS);
  await run.exited;
  clearTimeout(timer);
  return existsSync(output) ? outcomeOf(readFileSync(output, 'utf8')) : 'failed';
}

/** A file that cannot be loaded runs no test: then nothing was caught by one. */
function outcomeOf(report: string): Outcome {
  const { testResults }: { testResults: { assertionResults: { status: string }[] }[] } =
    JSON.parse(report);
  const states = testResults.flatMap((file) => file.assertionResults.map((one) => one.status));
  if (states.includes('failed')) return 'failed';
  return states.includes('passed') ? 'passed' : 'not run';
}

function say(line: string): void {
  // Each test that fails makes vitest end with 1, as it should.
  if (!line.startsWith('vitest ')) process.stderr.write(`${line}\n`);
}
