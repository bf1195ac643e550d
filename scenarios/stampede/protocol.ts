import type { Arm } from '../../lab/experiment.ts';
import type { Protocol } from '../../lab/protocol.ts';
import { runBursts, secondsOfBursts } from './bursts.ts';
import { runDeadHolder, secondsOfDeadHolder } from './dead-holder.ts';
import { runOpen } from './open.ts';

type Shape = 'burst' | 'open' | 'dead holder';

/** How the page's readers come: `parameters.shape`; a burst by default. */
function shapeOf({ parameters }: Arm): Shape {
  const shape = parameters?.['shape'];
  return shape === 'open' || shape === 'dead holder' ? shape : 'burst';
}

/** Expiries under readers who come all at once, or on a schedule, or after the holder of the lock has died. */
export const protocol: Protocol = {
  seconds(arm, design) {
    const shape = shapeOf(arm);
    switch (shape) {
      case 'burst':
        return secondsOfBursts(arm, design);
      case 'open':
        return design.warmSeconds + design.measureSeconds;
      case 'dead holder':
        return secondsOfDeadHolder(arm);
      default:
        return shape satisfies never;
    }
  },
  run(hands) {
    const shape = shapeOf(hands.arm);
    switch (shape) {
      case 'burst':
        return runBursts(hands);
      case 'open':
        return runOpen(hands);
      case 'dead holder':
        return runDeadHolder(hands);
      default:
        return shape satisfies never;
    }
  },
};
