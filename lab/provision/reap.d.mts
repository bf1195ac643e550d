/** A process that a lab started. */
export interface RunProcess {
  name: string;
  pid: number;
  /** Null when it ended before it could be read. */
  startTime: string | null;
  stopSignal: NodeJS.Signals;
}

/** `.cachelab/labs/<id>.json`: what one lab process has started and made. */
export interface RunFile {
  schema: 1;
  id: string;
  /** The command that runs, e.g. `up`. */
  label: string;
  startedAt: string;
  place: { host: string; boot: string; pidNamespace: string };
  lab: { pid: number; startTime: string | null };
  processes: RunProcess[];
  /** Removed at the end. */
  folders: string[];
  /** Ports in use, by name. */
  ports: Record<string, number>;
}

export function startTime(pid: number): string | null;
export function place(): RunFile['place'];
export function labState(run: RunFile): 'alive' | 'dead' | 'elsewhere';
export function readRun(path: string): RunFile | null;
export function endRun(path: string): Promise<string[]>;
export function killMarked(id: string): number[];
