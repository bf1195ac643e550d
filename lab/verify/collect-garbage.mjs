// Loaded into the workshop by its long check, `--import`: SIGUSR2 collects all garbage, so that what memory is left is in use.
// Without it, what is read depends on when V8 last found it worth its while.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => collect());
