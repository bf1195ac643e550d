/**
 * What a server wrote, synced and answered, in the order in which its system calls ended; read from
 * `strace -f -ttt -y -s 0`. Paths are relative to its data folder, whatever lies outside is left out.
 */
export type TraceEvent = { atMs: number } & (
  | { kind: 'written'; path: string; bytes: number }
  /** `bytes`: what the file held when the sync began; later bytes may or may not have been taken along. */
  | { kind: 'synced'; path: string; bytes: number }
  | { kind: 'renamed'; from: string; to: string }
  | { kind: 'removed'; path: string }
  | { kind: 'answered'; socket: string; bytes: number }
);

type Call = { name: string; pid: string; target: string | null; atMs: number; text: string };

const SYNCS = ['fsync', 'fdatasync'];
const WRITES = ['write', 'writev'];

/**
 * Reads a trace. A call that another thread interrupts stands on two lines: it began at the first and ended at the second.
 * @param folder - The data folder as an absolute path.
 */
export function parseTrace(text: string, folder: string): TraceEvent[] {
  const events: TraceEvent[] = [];
  const written = new Map<string, number>();
  const open = new Map<string, { call: Call; syncing: number }>();
  const end = (call: Call, syncing: number, result: number): void => {
    const event = result < 0 ? null : eventOf(call, folder, syncing, result);
    if (event === null) return;
    follow(written, event);
    events.push(event);
  };
  for (const line of text.split('\n')) {
    const resumed = /^(\d+) +(\d+\.\d+) <\.\.\. (\w+) resumed>.*= (-?\d+)/.exec(line);
    if (resumed !== null) {
      const [, pid = '', seconds = '', name, result] = resumed;
      const begun = open.get(pid);
      open.delete(pid);
      if (begun === undefined || begun.call.name !== name) continue;
      end({ ...begun.call, atMs: msOf(seconds) }, begun.syncing, Number(result));
      continue;
    }
    const call = callOf(line);
    if (call === null) continue;
    const path = pathOf(call.target, folder);
    const syncing = path === null ? 0 : (written.get(path) ?? 0);
    const result = /\) += (-?\d+)/.exec(call.text)?.[1];
    if (result !== undefined) end(call, syncing, Number(result));
    else if (line.endsWith('<unfinished ...>')) open.set(call.pid, { call, syncing });
  }
  return events;
}

/** Microseconds are what strace knows. */
const msOf = (seconds: string): number => Math.round(Number(seconds) * 1e6) / 1e3;

function callOf(line: string): Call | null {
  const [, pid = '', seconds, name = '', text = ''] =
    /^(\d+) +(\d+\.\d+) (\w+)(\(.*)$/.exec(line) ?? [];
  if (seconds === undefined) return null;
  const target = /^\(\d+<(.*?)>[,)\s]/.exec(text)?.[1] ?? null;
  return { name, pid, target, atMs: msOf(seconds), text };
}

function eventOf(call: Call, folder: string, syncing: number, result: number): TraceEvent | null {
  const { name, target, atMs, text } = call;
  const path = pathOf(target, folder);
  if (WRITES.includes(name)) {
    if (target?.startsWith('socket:') === true)
      return { atMs, kind: 'answered', socket: target, bytes: result };
    return path === null ? null : { atMs, kind: 'written', path, bytes: result };
  }
  if (SYNCS.includes(name))
    return path === null ? null : { atMs, kind: 'synced', path, bytes: syncing };
  const [from, to] = [...text.matchAll(/"([^"]*)"/g)].map(([, named = '']) =>
    relative(named, folder),
  );
  if (from === undefined) return null;
  if (name.startsWith('unlink')) return { atMs, kind: 'removed', path: from };
  return name.startsWith('rename') && to !== undefined ? { atMs, kind: 'renamed', from, to } : null;
}

const relative = (path: string, folder: string): string =>
  path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;

function pathOf(target: string | null, folder: string): string | null {
  return target?.startsWith(`${folder}/`) === true ? relative(target, folder) : null;
}

function follow(written: Map<string, number>, event: TraceEvent): void {
  if (event.kind === 'written')
    written.set(event.path, (written.get(event.path) ?? 0) + event.bytes);
  if (event.kind === 'removed') written.delete(event.path);
  if (event.kind === 'renamed') move(written, event.from, event.to);
}

function move(sizes: Map<string, number>, from: string, to: string): void {
  const size = sizes.get(from);
  sizes.delete(from);
  if (size !== undefined) sizes.set(to, size);
}

/**
 * The model of a power cut: of each file what it held when its last completed sync began, and not a byte more. Names and
 * renames are taken as kept. What the kernel may have written back by itself is left out, so losses are an upper bound.
 * @param events - Up to the cut.
 * @returns Bytes by path; a file that was never synced is absent: it is empty after the cut.
 */
export function syncedPrefix(events: readonly TraceEvent[]): Map<string, number> {
  const synced = new Map<string, number>();
  for (const event of events) {
    if (event.kind === 'synced') synced.set(event.path, event.bytes);
    if (event.kind === 'removed') synced.delete(event.path);
    if (event.kind === 'renamed') move(synced, event.from, event.to);
  }
  return synced;
}

/** First position from which files keep their names to the end: cuts before it would need files that are gone. */
export function namesSettled(events: readonly TraceEvent[]): number {
  return events.findLastIndex(({ kind }) => kind === 'renamed' || kind === 'removed') + 1;
}

/**
 * Moments at which a client's answers left the server, one per answer, in the order of its commands.
 * @param sizes - Bytes of the answer to each command. The client is the one that was answered most often: others ask for much, seldom.
 */
export function answerTimes(events: readonly TraceEvent[], sizes: readonly number[]): number[] {
  const answers = events.flatMap((event) => (event.kind === 'answered' ? [event] : []));
  const bySocket = new Map<string, number>();
  for (const { socket } of answers) bySocket.set(socket, (bySocket.get(socket) ?? 0) + 1);
  const [client] = [...bySocket].toSorted(([, a], [, b]) => b - a)[0] ?? [];
  const times: number[] = [];
  let sent = 0;
  let owed = sizes[0] ?? 0;
  for (const { socket, bytes, atMs } of answers) {
    if (socket !== client) continue;
    sent += bytes;
    while (times.length < sizes.length && sent >= owed) {
      times.push(atMs);
      owed += sizes[times.length] ?? 0;
    }
  }
  return times;
}
