import { Agent, request } from 'node:http';
import type { TakenJournal } from '../../lab/server-protocol.ts';
import type { ServerProcess } from '../../lab/server-process.ts';
import { quoted, type SentLog } from './sent.ts';

/** An answer of the store, whole. */
export interface StoreAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** The part of the answer of `/lab/policy` that the room needs. */
export interface PolicyInForce {
  name: string;
  preset: string;
  title: string;
  description: string;
  invalidation: string;
  settings: Record<string, unknown>;
}

/** Longer than the longest load of a page that a pool under pressure allows. */
const CALL_TIMEOUT_MS = 30_000;
const SHOWN_ANSWER = 160;

/** One process of the store, as the room talks to it: connections are kept, and what a person asked for is noted. */
export class Store {
  readonly process: ServerProcess;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #log: SentLog;

  constructor(process: ServerProcess, log: SentLog) {
    this.process = process;
    this.#log = log;
  }

  get baseUrl(): string {
    return this.process.baseUrl;
  }

  /** The process runs, as far as is known. */
  get alive(): boolean {
    const { exitCode, signalCode } = this.process.process.child;
    return exitCode === null && signalCode === null;
  }

  /** @throws Error when the process gives no answer. */
  call(method: string, path: string, body?: unknown): Promise<StoreAnswer> {
    return send(this.#agent, method, this.baseUrl + path, body);
  }

  /** As `call`, for what somebody asked for: it stands in the evidence. */
  async say(method: string, path: string, body?: unknown): Promise<StoreAnswer> {
    const data = body === undefined ? '' : JSON.stringify(body);
    const line = [method, path, data].join(' ').trim();
    const how = method === 'GET' ? '' : ` -X ${method}`;
    const payload = data === '' ? '' : ` -H 'content-type: application/json' -d ${quoted(data)}`;
    const command = `curl -s${how}${payload} ${quoted(this.baseUrl + path)}`;
    try {
      const answer = await this.call(method, path, body);
      this.#log.add(line, `${answer.status} ${shown(answer)}`.trim(), command);
      return answer;
    } catch (error) {
      this.#log.add(line, 'no answer', command);
      throw error;
    }
  }

  /** Everything since the last time. @throws Error when the process gives no answer. */
  async take(): Promise<TakenJournal> {
    const { text } = await this.call('POST', '/lab/journal/take');
    return JSON.parse(text) as TakenJournal;
  }

  close(): void {
    this.#agent.destroy();
  }
}

function shown({ headers, text }: StoreAnswer): string {
  if (!/json/.test(headers['content-type'] ?? '')) return `${text.length} characters`;
  return text.length <= SHOWN_ANSWER ? text : `${text.slice(0, SHOWN_ANSWER)}…`;
}

function send(agent: Agent, method: string, url: string, body: unknown): Promise<StoreAnswer> {
  const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        agent,
        method,
        timeout: CALL_TIMEOUT_MS,
        headers:
          payload === null
            ? {}
            : { 'content-type': 'application/json', 'content-length': payload.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(
              Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
            ),
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${CALL_TIMEOUT_MS} ms`)));
    sent.on('error', reject);
    sent.end(payload ?? undefined);
  });
}
