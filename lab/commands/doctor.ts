import { EXIT } from '../errors.ts';
import { examine, type Finding } from '../provision/doctor.ts';
import { ROOT } from '../root.ts';

const SIGNS: Record<Finding['state'], string> = {
  found: 'ok     ',
  'at first start': 'later  ',
  missing: 'MISSING',
};

/** `doctor`: what is there, what comes by itself, what is missing and what to type. Exit 69 when the bench cannot run. */
export async function doctor(options: { json: boolean }): Promise<number> {
  const findings = await examine(ROOT, process.env);
  const missing = findings.filter(
    ({ neededFor, state }) => neededFor === 'bench' && state === 'missing',
  );
  const ready = missing.length === 0;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ready, findings }, null, 2)}\n`);
    return ready ? EXIT.fine : EXIT.serviceMissing;
  }
  for (const { name, neededFor, state, version, where, cure } of findings) {
    const sign = state === 'missing' && neededFor === 'optional' ? '-      ' : SIGNS[state];
    const label = neededFor === 'optional' ? `${name} (optional)` : name;
    process.stdout.write(`${sign}  ${label.padEnd(21)} ${(version ?? '').padEnd(9)} ${where}\n`);
    if (state === 'missing' && cure !== null) process.stdout.write(`         -> ${cure}\n`);
  }
  process.stdout.write(
    ready
      ? '\nThe bench can run: npm run bench\nThe workshop can run: npm run workshop\n'
      : `\nThe bench cannot run: ${missing.map(({ name }) => name).join(', ')} missing. Nor can the workshop; the host’s own, started with --lan, needs a browser alone.\n`,
  );
  return ready ? EXIT.fine : EXIT.serviceMissing;
}
