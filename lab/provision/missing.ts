import { EXIT, LabError } from '../errors.ts';

/**
 * The message for a service that could not be had: what was tried and why each try failed, what to type on each system,
 * how to go on without. Exit code 69.
 */
export function missingService(
  code: string,
  name: string,
  tried: readonly string[],
  cures: { debian: string; macos: string; other: string; without: string },
): LabError {
  return new LabError(
    code,
    [`${name} not found. Tried:`, ...tried.map((line) => `  - ${line}`)].join('\n'),
    {
      hint: [
        `Debian, Ubuntu: ${cures.debian}`,
        `macOS: ${cures.macos}`,
        `Elsewhere: ${cures.other}`,
        `Without it: ${cures.without}`,
      ].join('\n'),
      exitCode: EXIT.serviceMissing,
    },
  );
}
