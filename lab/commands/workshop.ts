import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { WORKSHOP_LABEL, writeWorkshopAddress } from '../../workshop/http/address.ts';
import type { Assets } from '../../workshop/http/assets.ts';
import { lanAddresses, type Listener, listen } from '../../workshop/http/listen.ts';
import { EXIT, LabError } from '../errors.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';
import { supervised } from './supervised.ts';

const MAX_STORES = 10_000;
/** 144 bits: not to be guessed. */
const TOKEN_BYTES = 18;

/**
 * `workshop`: the room's services and the page that shows them, in the foreground until Ctrl-C.
 * @throws LabError `E_BAD_OPTIONS` with every wrong option at once; `E_PORT_TAKEN`; `E_PAGE_BUILD`; what the services say.
 */
export async function workshop(flags: {
  port?: string;
  stores?: string;
  lan?: boolean;
  open?: boolean;
}): Promise<number> {
  const { port, stores, lan, open } = check(flags);
  return supervised(WORKSHOP_LABEL, async ({ supervisor, progress }) => {
    const say = (line: string): void => progress.line(line);
    // First, so that a port that is taken is told at once.
    const listener = await listen({ port, beyondLoopback: lan });
    supervisor.interrupted.addEventListener('abort', () => void listener.close());
    try {
      return await serveRoom(listener, { supervisor, say, stores, lan, open });
    } finally {
      await listener.close();
    }
  });
}

/** Comes back by an error alone: the supervisor's handler ends everything and then this process, with its own exit code. */
async function serveRoom(
  listener: Listener,
  options: {
    supervisor: Supervisor;
    say: (line: string) => void;
    stores: number | null;
    lan: boolean;
    open: boolean;
  },
): Promise<never> {
  const { supervisor, say, stores, lan, open } = options;
  // The services first: while they start there is time to load the rest of the program and to bundle the page.
  const { openRoom } = await import('../../workshop/room/room.ts');
  const [room, { assets, control: program }] = await Promise.all([
    openRoom({
      ...{ root: ROOT, supervisor, onEvent: say },
      ...(stores === null ? {} : { stores }),
    }),
    loadPage(),
  ]);
  const token = lan ? randomBytes(TOKEN_BYTES).toString('base64url') : null;
  const others = lan ? lanAddresses() : [];
  const control = program.createControl({
    ...{ room, assets, token, now: Date.now },
    hosts: new Set(['127.0.0.1', 'localhost', ...others, ...(lan ? ownNames() : [])]),
    report: (error) => say(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  });
  supervisor.interrupted.addEventListener('abort', () => {
    control.close();
    // The services end anyway; what the room does meanwhile must not complain.
    room.close().catch(() => {});
  });
  listener.serve(control.handler);

  const url = `http://127.0.0.1:${listener.port}`;
  writeWorkshopAddress(supervisor.runFolder, { url, token });
  const query = token === null ? '' : `?token=${token}`;
  const addresses = [url, ...others.map((address) => `http://${address}:${listener.port}`)];
  const links = addresses.map((address) => `${address}/${query}`);
  process.stdout.write(`${announcement(links, lan).join('\n')}\n`);
  if (open) openBrowser(links[0]!, say);
  return new Promise<never>(() => {});
}

async function loadPage(): Promise<{
  assets: Assets;
  control: typeof import('../../workshop/http/control.ts');
}> {
  const { bundlePage } = await import('../../workshop/http/assets.ts');
  const assets = await bundlePage();
  return { assets, control: await import('../../workshop/http/control.ts') };
}

function announcement(links: string[], lan: boolean): string[] {
  const [own, ...others] = links;
  const lines = [`Workshop  ${own}`, ...others.map((link) => `          ${link}`)];
  if (lan) {
    lines.push(
      others.length > 0
        ? 'Whoever has a link may turn everything; it is plain HTTP, for a network that you trust.'
        : 'This machine has no address on a network (IPv4): others cannot reach it.',
    );
  }
  return [...lines, 'Ctrl-C ends all of it.'];
}

/** Names under which this machine may be known on the network. */
function ownNames(): string[] {
  const name = hostname().toLowerCase();
  return [name, name.endsWith('.local') ? name : `${name}.local`];
}

/** Not through the supervisor: the browser stays when the workshop ends. */
function openBrowser(link: string, say: (line: string) => void): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open']
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '']
        : ['xdg-open'];
  const child = spawn(command, [...args, link], { detached: true, stdio: 'ignore' });
  child.on('error', (error) => say(`no browser opens (${error.message}): open the address above`));
  child.unref();
}

function check(flags: Parameters<typeof workshop>[0]): {
  port: number | null;
  stores: number | null;
  lan: boolean;
  open: boolean;
} {
  const problems: string[] = [];
  const whole = (name: string, text: string | undefined, most: number): number | null => {
    if (text === undefined) return null;
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > most) {
      problems.push(
        `${name} must be a whole number from 0 to ${most}, not ${JSON.stringify(text)}`,
      );
    }
    return value;
  };
  const port = whole('--port', flags.port, 65_535);
  const stores = whole('--stores', flags.stores, MAX_STORES);
  if (problems.length > 0) {
    throw new LabError('E_BAD_OPTIONS', problems.join('\n'), {
      hint: 'npm run workshop -- --help shows every option with its range',
      exitCode: EXIT.badArguments,
    });
  }
  return { port, stores, lan: flags.lan === true, open: flags.open === true };
}
