import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../errors.ts';
import { openLink } from '../link.ts';
import { probe } from './redis-ask.ts';
import { BUS_OFFSET, giveBack, nodePort } from './redis-ports.ts';
import type { RedisProgram } from './redis.ts';
import type { RedisNode } from './redis-topology.ts';
import type { SupervisedProcess, Supervisor } from './supervisor.ts';

/** Where others reach a node. */
export interface Place {
  /** Its own, or that of the link in front of it. */
  port: number;
  /** Of a cluster's nodes among themselves. */
  busPort: number;
}

/** A node, and how to end it for good. */
export interface RunningNode extends RedisNode {
  /** What it tells the others of itself. */
  readonly place: Place;
  stop(): Promise<void>;
}

/** What a topology says of a node that it needs. */
export type StartNode = (node: {
  name: string;
  /** Lines of its configuration, from the place that it is to tell others. */
  settings: (place: Place) => readonly string[];
  /** It watches others and keeps no data. */
  sentinel?: boolean;
  /** It opens connections to others by itself: a cut must stop the process too, so that nothing gets out. */
  callsOthers?: boolean;
}) => Promise<RunningNode>;

const START_TRIES = 5;
const READY_TIMEOUT_MS = 10_000;
const READY_POLL_MS = 20;
/** Redis 7 waits up to 10 s at its end for replicas that lag. */
const STOP_GRACE_MS = 500;

/**
 * Starts one process with a folder and a configuration file of its own, which it may rewrite: Sentinel and Cluster keep there
 * what they have agreed on.
 * @param options - `folder`: of the topology; the node's is below it. `args`: of the command line, last. `linked`: the others
 *   reach it through a link that can be cut.
 * @throws LabError `E_REDIS_START` with the last line of its log.
 */
export async function startNode(options: {
  supervisor: Supervisor;
  program: RedisProgram;
  folder: string;
  name: string;
  settings: (place: Place) => readonly string[];
  args?: readonly string[];
  sentinel?: boolean;
  callsOthers?: boolean;
  linked?: boolean;
}): Promise<RunningNode> {
  const { supervisor, program, name } = options;
  const { sentinel = false, callsOthers = false, linked = false } = options;
  const folder = join(options.folder, name);
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'node.conf');
  const logFile = join(folder, 'redis.log');
  const args = [config, ...(sentinel ? ['--sentinel'] : []), ...(options.args ?? [])];

  const spawn = (port: number): SupervisedProcess =>
    supervisor.spawn(name, program.bin, args, { env: program.env, cwd: folder, logFile, port });

  async function start(port: number): Promise<SupervisedProcess> {
    const started = spawn(port);
    if (await answers(port, started)) return started;
    await started.stop(STOP_GRACE_MS);
    const log = readFileSync(logFile, 'utf8').trim();
    throw new LabError('E_REDIS_START', `${name}: ${log.split('\n').at(-1) ?? 'it said nothing'}`);
  }

  async function first(): Promise<{
    port: number;
    server: SupervisedProcess;
    link: OpenLink | null;
  }> {
    for (let tries = 1; ; tries += 1) {
      const port = await nodePort();
      const link = linked ? await openLink(`redis://127.0.0.1:${port}`) : null;
      const common = [`port ${port}`, 'bind 127.0.0.1', `dir ${JSON.stringify(folder)}`];
      writeFileSync(config, [...common, ...options.settings(placeOf(port, link)), ''].join('\n'));
      try {
        return { port, link, server: await start(port) };
      } catch (error) {
        giveBack(port);
        await link?.close();
        // Somebody took the port, or that of the bus, between our look and its start.
        const taken = /in use|Failed listening/i.test(readFileSync(logFile, 'utf8'));
        if (!taken || tries === START_TRIES) throw error;
      }
    }
  }

  const { port, link, ...begun } = await first();
  let { server } = begun;
  return {
    name,
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return server.pid;
    },
    place: placeOf(port, link),
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
    cut() {
      required(link, name).cut();
      if (callsOthers) server.freeze();
    },
    heal() {
      if (callsOthers) server.thaw();
      required(link, name).heal();
    },
    async kill() {
      server.child.kill('SIGKILL');
      await server.stop();
    },
    async restart() {
      server = await start(port);
    },
    async stop() {
      await server.stop(STOP_GRACE_MS);
      await link?.close();
      giveBack(port);
    },
  };
}

type OpenLink = Awaited<ReturnType<typeof openLink>>;

function placeOf(port: number, link: OpenLink | null): Place {
  return {
    port: link === null ? port : Number(new URL(link.url).port),
    busPort: port + BUS_OFFSET,
  };
}

function required(link: OpenLink | null, name: string): OpenLink {
  if (link !== null) return link;
  throw new LabError('E_NO_LINK', `${name} has no link that could be cut`, {
    hint: "give the arm `links: ['redis']`",
  });
}

/** Whether this very process answers on its port: another lab's node could have taken it. */
async function answers(port: number, server: SupervisedProcess): Promise<boolean> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  const ended = server.exited.then(() => 'ended' as const);
  while (Date.now() < deadlineMs) {
    const answer = await Promise.race([ended, probe(port, 'INFO', 'server')]);
    if (answer === 'ended') return false;
    if (new RegExp(`^process_id:${server.pid}\\r?$`, 'm').test(String(answer))) return true;
    await sleep(READY_POLL_MS);
  }
  return false;
}
