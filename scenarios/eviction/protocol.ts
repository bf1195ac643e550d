import type { Protocol } from '../../lab/protocol.ts';
import { replayDesignOf, replaySeconds } from './plan.ts';
import { runReplays } from './replays.ts';
import { runSampling, SAMPLING_SECONDS } from './sampling.ts';
import { runVeterans, VETERAN_CELLS } from './veterans.ts';

const SECONDS_PER_VETERAN_CELL = 1;

/** Replays, the story's example, or the cost of sampling: whatever the arm is. */
export const protocol: Protocol = {
  seconds(arm) {
    const design = replayDesignOf(arm);
    if (design !== null) return replaySeconds(arm, design);
    return arm.name === 'veterans'
      ? VETERAN_CELLS.length * SECONDS_PER_VETERAN_CELL
      : SAMPLING_SECONDS;
  },
  async run(hands) {
    const design = replayDesignOf(hands.arm);
    if (design !== null) return { load: null, ...(await runReplays(hands, design)) };
    const run = hands.arm.name === 'veterans' ? runVeterans : runSampling;
    return { load: null, ...(await run(hands)) };
  },
};
