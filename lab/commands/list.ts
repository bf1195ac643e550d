import { PRESETS } from '../../server/cache/presets.ts';
import { EXPERIMENTS } from '../experiments.ts';

/** `list`: the experiments with their arms, and the policies of the server. */
export function listCommand(options: { json: boolean }): number {
  if (options.json) {
    const experiments = EXPERIMENTS.map(({ name, title, question, arms }) => ({
      name,
      title,
      question,
      arms: arms.map(({ name: arm, title: about, policy, program = 'store' }) => ({
        ...{ name: arm, title: about, policy, program },
      })),
    }));
    process.stdout.write(`${JSON.stringify({ experiments, policies: PRESETS })}\n`);
    return 0;
  }
  process.stdout.write('Experiments\n');
  for (const { name, question, arms } of EXPERIMENTS) {
    process.stdout.write(
      `  ${name}\n    ${question}\n    arms: ${arms.map((arm) => arm.name).join(', ')}\n`,
    );
  }
  process.stdout.write('Policies of the server\n');
  for (const preset of PRESETS) {
    process.stdout.write(`  ${preset.name.padEnd(14)} ${preset.description}\n`);
  }
  return 0;
}
