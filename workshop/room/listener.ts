import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { LabError } from '../../lab/errors.ts';
import { startInvalidator } from '../../lab/invalidator-process.ts';
import type { Supervisor } from '../../lab/provision/supervisor.ts';
import type { ServiceState } from '../contract.ts';

export type ListenerForm = 'event-driven' | 'outbox';

const GONE_MS = 5000;
const LOOK_MS = 20;

/** The invalidator process of a room, where the policy needs one. */
export interface Listener {
  state(): Extract<ServiceState, 'up' | 'down' | 'starting' | 'unused'>;
  form(): ListenerForm | null;
  /** Starts the one that this policy needs, ends the one that it does not. @returns Once it has caught up. */
  follow(form: ListenerForm | null): Promise<void>;
  /** SIGKILL. @returns Its process, once Postgres has no session of it any more. */
  drop(): Promise<{ pid: number }>;
  /** Starts it again. @returns Once it has caught up. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export function openListener(options: {
  root: string;
  supervisor: Supervisor;
  environment: Record<string, string>;
  database: Client;
  onChange: () => void;
}): Listener {
  const { database, onChange, ...common } = options;
  let form: ListenerForm | null = null;
  let running: Awaited<ReturnType<typeof startInvalidator>> | null = null;
  let isStarting = false;

  async function start(wanted: ListenerForm): Promise<void> {
    isStarting = true;
    onChange();
    try {
      running = await startInvalidator({ ...common, form: wanted });
    } finally {
      isStarting = false;
      onChange();
    }
  }

  async function stop(): Promise<void> {
    const ending = running;
    running = null;
    await ending?.stop();
  }

  return {
    state() {
      if (form === null) return 'unused';
      if (isStarting) return 'starting';
      return running !== null && lives(running.pid) ? 'up' : 'down';
    },
    form: () => form,
    async follow(wanted) {
      if (wanted === form) return;
      const before = form;
      await stop();
      form = wanted;
      if (wanted === null) return onChange();
      try {
        await start(wanted);
      } catch (error) {
        form = before;
        if (before !== null) await start(before).catch(() => {}); // the first error is the one to tell
        throw error;
      }
    },
    async drop() {
      const ending = running;
      if (ending === null) throw new Error('no listener runs');
      const { pid } = ending;
      await ending.kill();
      running = null;
      onChange();
      const deadlineMs = Date.now() + GONE_MS;
      while ((await sessions(database)) > 0) {
        if (Date.now() > deadlineMs) {
          throw new LabError(
            'E_ROOM_LISTENER',
            `Postgres still has the listener’s session after ${GONE_MS} ms`,
          );
        }
        await sleep(LOOK_MS);
      }
      return { pid };
    },
    async restore() {
      if (form !== null) await start(form);
    },
    close: stop,
  };
}

async function sessions(database: Client): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE application_name = 'cachelab-invalidator' AND datname = current_database()`,
  );
  return rows[0]?.count ?? 0;
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
