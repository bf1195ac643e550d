import type { Reporter, TestModule } from 'vitest/node';

/** Prints `N passed, N failed` as the last line, for programs that read the outcome from the output. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        const result = test.result();
        counts[result.state === 'pending' ? 'failed' : result.state] += 1;
        if (result.state === 'skipped' && result.note !== undefined) {
          process.stdout.write(`skipped: ${test.fullName}: ${result.note}\n`);
        }
      }
      // A file that cannot be loaded has no tests to count.
      if (module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed')) {
        counts.failed += 1;
      }
    }
    const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
    // After the default reporter's summary, which is printed in the same turn.
    setImmediate(() =>
      process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`),
    );
  }
}
