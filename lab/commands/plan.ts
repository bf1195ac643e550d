import { EXPERIMENTS } from '../experiments.ts';
import { missingBaselines, planRun, type RunOptions } from '../plan.ts';
import { duration } from '../progress.ts';

/** `plan`: prints the trials of a run in their order and the time they should take; runs nothing. */
export function planCommand(options: { run: RunOptions; json: boolean }): number {
  const plans = planRun(EXPERIMENTS, options.run);
  const seconds = plans.reduce((sum, plan) => sum + plan.estimatedSeconds, 0);
  if (options.json) {
    const trials = plans.flatMap((plan) => plan.trials);
    process.stdout.write(`${JSON.stringify({ estimatedSeconds: seconds, trials })}\n`);
    return 0;
  }
  for (const plan of plans) {
    const { experiment, arms, design, trials, estimatedSeconds } = plan;
    process.stdout.write(
      `${experiment.name}: ${experiment.question}\n` +
        `  ${trials.length} trials = ${design.rounds} rounds x ${arms.length} arms, ` +
        `${design.warmSeconds} s warm-up + ${design.measureSeconds} s measured each, about ${duration(estimatedSeconds)}\n`,
    );
    for (let round = 0; round < design.rounds; round += 1) {
      const order = trials.filter((trial) => trial.round === round).map((trial) => trial.arm);
      process.stdout.write(`  round ${round + 1}: ${order.join(', ')}\n`);
    }
    for (const line of missingBaselines(plan)) process.stdout.write(`  ${line}\n`);
  }
  process.stdout.write(
    `about ${duration(seconds)} in all, without the set-up and without repeated trials\n`,
  );
  return 0;
}
