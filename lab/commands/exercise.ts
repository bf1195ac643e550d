import type { Exercise, Verdict } from '../../workshop/exercises/exercise.ts';
import { EXERCISES } from '../../workshop/exercises/list.ts';
import { connect, noWorkshop, type Workshop } from '../../workshop/exercises/workshop.ts';
import { readWorkshopAddress } from '../../workshop/http/address.ts';
import { EXIT, LabError } from '../errors.ts';
import { ROOT } from '../root.ts';

/**
 * `exercise`: checks one exercise of the workshop's guide on the workshop that runs in this checkout, and leaves the room as it was;
 * without a number it lists them. Exit 0: passed, 1: not.
 * @throws LabError `E_BAD_OPTIONS` with everything that is wrong at once; `E_NO_WORKSHOP` (exit 69).
 */
export async function exerciseCommand(
  number: string | undefined,
  flags: { answer?: string },
): Promise<number> {
  if (number === undefined && flags.answer === undefined) {
    for (const exercise of EXERCISES) describe(exercise);
    return EXIT.fine;
  }
  const chosen = choose(number, flags.answer);
  const address = readWorkshopAddress(ROOT);
  if (address === null) throw noWorkshop('no workshop runs in this checkout');
  const stop = stopAtSignals();
  const { exercise } = chosen;
  describe(exercise);
  const workshop = await connect(address, stop);
  try {
    process.stderr.write(`Asking ${address.url}; the check takes about ${exercise.seconds} s …\n`);
    const verdict = await chosen.check(workshop);
    const disturbances = workshop.disturbances();
    return report(verdict, disturbances);
  } catch (error) {
    if (stop.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    workshop.close();
  }
}

/** The exercise with its answer given, or every reason why it cannot be checked. */
function choose(
  number: string | undefined,
  text: string | undefined,
): { exercise: Exercise; check: (workshop: Workshop) => Promise<Verdict> } {
  const problems: string[] = [];
  const exercise = EXERCISES.find((one) => String(one.number) === number);
  if (exercise === undefined) {
    problems.push(
      number === undefined
        ? '--answer belongs to an exercise: give its number too'
        : `there is no exercise ${JSON.stringify(number)}: they are numbered 1 to ${EXERCISES.length}`,
    );
  }
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  if (text !== undefined && !Number.isFinite(value)) {
    problems.push(`--answer must be a number, not ${JSON.stringify(text)}`);
  }
  if (exercise?.answer === null && text !== undefined) {
    problems.push(
      `exercise ${exercise.number} takes no --answer: it measures what the room does as you have set it`,
    );
  }
  if (exercise !== undefined && exercise.answer !== null) {
    const { unit, low, high } = exercise.answer;
    const range = `a number of ${unit} from ${low} to ${high}`;
    if (text === undefined)
      problems.push(`exercise ${exercise.number} asks for --answer, ${range}`);
    else if (value < low || value > high) {
      problems.push(`--answer of exercise ${exercise.number} must be ${range}, not ${text}`);
    }
  }
  if (exercise === undefined || problems.length > 0) {
    throw new LabError('E_BAD_OPTIONS', problems.join('\n'), {
      hint: 'npm run lab -- exercise lists them all',
      exitCode: EXIT.badArguments,
    });
  }
  const check = (workshop: Workshop): Promise<Verdict> =>
    exercise.answer === null ? exercise.check(workshop) : exercise.check(workshop, value);
  return { exercise, check };
}

/** What the check did is put back first; a second Ctrl-C ends at once. Each comes twice when npm passes on what the terminal has sent already. */
function stopAtSignals(): AbortSignal {
  const stop = new AbortController();
  let firstMs = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted && Date.now() - firstMs > 500) process.exit(EXIT.interrupted);
      firstMs ||= Date.now();
      stop.abort();
    });
  }
  return stop.signal;
}

function describe(exercise: Exercise): void {
  const { number, block, title, task, answer } = exercise;
  const flag = answer === null ? '' : ` --answer <${answer.unit}>`;
  process.stdout.write(
    `${number}  ${title} (block ${block})\n   ${task}\n   npm run lab -- exercise ${number}${flag}\n\n`,
  );
}

function report({ passed, did, saw, lookAt }: Verdict, disturbances: string[]): number {
  const isClean = disturbances.length === 0;
  const lines = [
    did,
    ...saw.map((line) => `  ${line}`),
    ...(isClean
      ? []
      : [
          `  Meanwhile somebody else did this in the room: ${disturbances.join(', ')}. Run the check again.`,
        ]),
    passed && isClean ? 'Passed.' : 'Not passed.',
    `Look at: ${lookAt}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return passed && isClean ? EXIT.fine : EXIT.failed;
}
