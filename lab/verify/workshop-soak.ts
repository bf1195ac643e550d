import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, LabError } from '../errors.ts';
import type { Progress } from '../progress.ts';
import { labState } from '../provision/reap.mjs';
import { runFiles, type SupervisedProcess, type Supervisor } from '../provision/supervisor.ts';

/** What was read of workshops as they started, served and ended. */
export interface SoakReadings {
  /** From the command to the first page, one per start, in ms. */
  startMs: number[];
  /** CPU of the control process, without its services, in cores, one per stretch without any client. */
  aloneCores: number[];
  /** The same with clients. */
  crowdedCores: number[];
  /** Its resident memory with clients at the end of each stretch, after its garbage was collected. */
  rssBytes: number[];
  stretchSeconds: number;
  clients: number;
  /** What one client that reads was sent. */
  bytesPerSecond: number;
  /** Samples that a client that reads was not sent. */
  missed: number;
  /** How often the one client came and went without a word. */
  vanished: number;
  /** Whether the server let the client go that reads nothing; the kernel keeps some MB for it first. */
  stalledLetGo: boolean;
  /** From the signal to the end of every client's answer, in ms. */
  clientsEndedMs: number;
  /** From the signal to the end of all processes, in ms. */
  endedMs: number;
}

export interface SoakDesign {
  starts: number;
  clients: number;
  stretchSeconds: number;
  /** Half of them before, half after the crowd. */
  aloneStretches: number;
  crowdedStretches: number;
}

const COLLECT_GARBAGE = new URL('./collect-garbage.mjs', import.meta.url).href;
/** Some 50 MB are looked through in less. */
const COLLECTED_MS = 500;

interface Lab {
  root: string;
  supervisor: Supervisor;
  progress: Progress;
}

/** Starts workshops by the command of their users, and fills the last one with clients. @throws LabError `E_NO_PROC` */
export async function soak(lab: Lab, design: SoakDesign): Promise<SoakReadings> {
  if (cpuTicksOf(process.pid) === null) {
    throw new LabError('E_NO_PROC', 'CPU and memory of one process are read from /proc', {
      hint: 'run this check on Linux',
      exitCode: EXIT.serviceMissing,
    });
  }
  const startMs: number[] = [];
  for (let n = 1; n < design.starts; n += 1) {
    const workshop = await startWorkshop(lab);
    startMs.push(workshop.startMs);
    lab.progress.now(`start ${n} of ${design.starts}: ${workshop.startMs.toFixed(0)} ms`);
    await endWorkshop(workshop);
  }
  const workshop = await startWorkshop(lab, { NODE_OPTIONS: `--import=${COLLECT_GARBAGE}` });
  startMs.push(workshop.startMs);

  const { stretchSeconds, clients } = design;
  const before = Math.ceil(design.aloneStretches / 2);
  const read = async (what: string, count: number): Promise<Stretch[]> => {
    const stretches: Stretch[] = [];
    for (let n = 1; n <= count; n += 1) {
      lab.progress.now(`${what}: ${n} of ${count} times ${stretchSeconds} s`);
      stretches.push(await stretch(workshop.pid, stretchSeconds));
    }
    return stretches;
  };
  const first = await read('no client', before);
  const crowd = await gather(workshop.url, clients);
  const crowdedSinceMs = performance.now();
  const crowded = await read(`${clients} clients`, design.crowdedStretches);
  const crowdedSeconds = (performance.now() - crowdedSinceMs) / 1000;
  const { bytes, missed, vanished, stalledLetGo } = crowd.leave();
  const last = await read('no client again', design.aloneStretches - before);

  const final = await gather(workshop.url, clients);
  const signalMs = performance.now();
  const ended = endWorkshop(workshop);
  await final.allEnded();
  const clientsEndedMs = performance.now() - signalMs;
  await ended;
  return {
    ...{ startMs, stretchSeconds, clients, missed, vanished, stalledLetGo, clientsEndedMs },
    aloneCores: [...first, ...last].map(({ cores }) => cores),
    crowdedCores: crowded.map(({ cores }) => cores),
    rssBytes: crowded.map(({ rssBytes }) => rssBytes),
    bytesPerSecond: bytes / crowdedSeconds,
    endedMs: performance.now() - signalMs,
  };
}

interface Workshop {
  process: SupervisedProcess;
  /** Of the process that serves the page; what was started is npm. */
  pid: number;
  url: string;
  startMs: number;
}

/** `npm run workshop`, until it has answered with its page. @throws LabError `E_WORKSHOP_START` */
async function startWorkshop(
  { root, supervisor }: Lab,
  env: Record<string, string> = {},
): Promise<Workshop> {
  const npm = process.env['npm_execpath'];
  const script = npm !== undefined && /\.[cm]?js$/.test(npm) ? npm : null;
  const command = script === null ? 'npm' : process.execPath;
  const args = ['run', '--silent', 'workshop', '--', '--port', '0'];
  const known = new Set(livingWorkshops(root));
  const logFile = join(supervisor.runFolder, `workshop-${randomBytes(3).toString('hex')}.log`);
  const startedMs = performance.now();
  const child = supervisor.spawn('workshop', command, script === null ? args : [script, ...args], {
    cwd: root,
    logFile,
    env: { ...process.env, ...env },
  });
  for (;;) {
    const output = readFileSync(logFile, 'utf8').slice(-20_000);
    const url = /Workshop +(http:\S+?)\/?\s/.exec(output)?.[1];
    if (url !== undefined) {
      await fetch(`${url}/`).then((response) => response.text());
      const startMs = performance.now() - startedMs;
      const pid = livingWorkshops(root).find((one) => !known.has(one));
      if (pid !== undefined) return { process: child, pid, url, startMs };
    }
    if (child.child.exitCode !== null) {
      throw new LabError('E_WORKSHOP_START', `npm run workshop ended: ${output.slice(-1000)}`);
    }
    await sleep(10);
  }
}

function livingWorkshops(root: string): number[] {
  return runFiles(root)
    .filter(({ run }) => run.label === 'workshop' && labState(run) === 'alive')
    .map(({ run }) => run.lab.pid);
}

/** As Ctrl-C does. */
async function endWorkshop({ pid, process: child }: Workshop): Promise<void> {
  process.kill(pid, 'SIGINT');
  await child.exited;
}

interface Stretch {
  cores: number;
  rssBytes: number;
}

/** CPU over some seconds, then the memory that is in use. */
async function stretch(pid: number, seconds: number): Promise<Stretch> {
  const beganMs = performance.now();
  const beganTicks = cpuTicksOf(pid);
  await sleep(seconds * 1000);
  const ticks = cpuTicksOf(pid);
  // Hundredths of a second on every common platform.
  const cpuMs = 10 * ((ticks ?? NaN) - (beganTicks ?? NaN));
  const cores = cpuMs / (performance.now() - beganMs);
  if (ticks !== null) process.kill(pid, 'SIGUSR2');
  await sleep(COLLECTED_MS);
  const rssBytes = rssOf(pid);
  if (rssBytes === null || Number.isNaN(cores)) {
    throw new LabError('E_WORKSHOP_GONE', 'the workshop ended while it was watched');
  }
  return { cores, rssBytes };
}

/** User and system time of the process alone: k6 and the servers are its children, and not what is asked about. */
function cpuTicksOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return null;
  }
}

function rssOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1]);
  } catch {
    return null;
  }
}

interface Crowd {
  leave(): { bytes: number; missed: number; vanished: number; stalledLetGo: boolean };
  /** Every connection has ended, whoever ended it. */
  allEnded(): Promise<void>;
}

const VANISHES_EVERY_MS = 20_000;

/** Clients of the stream: one that reads nothing, one that comes and goes, all others read. */
async function gather(url: string, clients: number): Promise<Crowd> {
  const requests = new Set<ClientRequest>();
  const readers = await Promise.all(Array.from({ length: clients - 2 }, () => open()));
  const counts = readers.map((response) => counted(response));
  const stalled = await open();
  stalled.pause();
  let stalledLetGo = false;
  stalled.once('close', () => {
    stalledLetGo = true;
  });
  let vanished = 0;
  let guest = await open();
  guest.resume();
  const vanishing = setInterval(() => {
    guest.destroy();
    vanished += 1;
    void comeBack();
  }, VANISHES_EVERY_MS);

  async function comeBack(): Promise<void> {
    const next = await open().catch(() => null);
    if (next !== null) guest = next.resume();
  }

  async function open(): Promise<IncomingMessage> {
    const request = get(`${url}/api/stream`, { agent: false });
    requests.add(request);
    request.once('close', () => requests.delete(request));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    // Whoever is cut off hears of it as an error.
    response.on('error', () => {});
    request.on('error', () => {});
    return response;
  }

  return {
    leave() {
      clearInterval(vanishing);
      const wasLetGo = stalledLetGo;
      for (const request of requests) request.destroy();
      const each = counts.map(({ bytes }) => bytes);
      return {
        bytes: each.reduce((sum, one) => sum + one, 0) / each.length,
        missed: counts.reduce((sum, { missed }) => sum + missed, 0),
        ...{ vanished, stalledLetGo: wasLetGo },
      };
    },
    async allEnded() {
      clearInterval(vanishing);
      // What it was sent lies in the kernel; only whoever reads on sees the end.
      stalled.resume();
      await Promise.all([...requests].map((request) => once(request, 'close')));
    },
  };
}

/** Counts bytes, and gaps between the ids of samples. */
function counted(response: IncomingMessage): { bytes: number; missed: number } {
  const count = { bytes: 0, missed: 0 };
  let lastId: number | null = null;
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    count.bytes += Buffer.byteLength(chunk);
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const found = /^event: sample\nid: (\d+)/.exec(block)?.[1];
      if (found === undefined) continue;
      if (lastId !== null) count.missed += Number(found) - lastId - 1;
      lastId = Number(found);
    }
  });
  return count;
}
