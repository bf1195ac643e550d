import type { Arm } from '../../lab/experiment.ts';
import type { ServicePolicy } from '../../sim/service/presets.ts';

/** Settings of an arm that the service model knows; the others (which query builds the page) do not change what it predicts. */
const MODELLED = ['ttlMs', 'jitter', 'xfetchBeta'] as const;

/** The arm’s policy in the simulator’s words, which are the server’s. */
export function servicePolicyOf({ policy, overrides = {} }: Arm): {
  preset: string;
  overrides: Partial<Pick<ServicePolicy, (typeof MODELLED)[number]>>;
} {
  const known = MODELLED.flatMap((name) => {
    const value = overrides[name];
    return typeof value === 'number' ? [[name, value] as const] : [];
  });
  return { preset: policy, overrides: Object.fromEntries(known) };
}
