/** Exit codes of every command; the README prints this table. */
export const EXIT = {
  fine: 0,
  failed: 1,
  badArguments: 2,
  regression: 3,
  inconclusive: 4,
  invalid: 5,
  serviceMissing: 69,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * An error that a user can act on: what was tried, what happened, what to do next.
 * The CLI prints `code`, `message` and `hint`, never a stack trace, and exits with `exitCode`.
 */
export class LabError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(
    code: string,
    message: string,
    options: { hint?: string; cause?: unknown; exitCode?: ExitCode } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LabError';
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}
