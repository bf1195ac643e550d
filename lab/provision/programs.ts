import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** What a finished program said. `code` is null when it could not be started or ran into the time limit. */
export interface ProgramOutput {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Absolute path of the first of these programs on PATH, or null. */
export function findOnPath(names: readonly string[], env: NodeJS.ProcessEnv): string | null {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of names) {
    for (const folder of folders) {
      const path = resolve(folder, name);
      if (isExecutable(path)) return path;
    }
  }
  return null;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Runs a program to its end and never throws: a program that is missing or fails is an answer here. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: {
    env?: NodeJS.ProcessEnv;
    cwd?: string;
    timeoutMs?: number;
    uid?: number;
    gid?: number;
  } = {},
): Promise<ProgramOutput> {
  const { timeoutMs = 5000, ...rest } = options;
  return new Promise((done) => {
    execFile(
      command,
      [...args],
      { ...rest, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 16 << 20 },
      (error, stdout, stderr) => {
        if (error === null) return done({ code: 0, stdout, stderr });
        const code = typeof error.code === 'number' ? error.code : null;
        const reason = stderr === '' ? error.message : stderr;
        return done({ code, stdout, stderr: error.killed === true ? 'no answer in time' : reason });
      },
    );
  });
}

/** The first version number in a text, e.g. `1.8.1`; null without one. */
export function versionIn(text: string): string | null {
  return /\d+\.\d+(?:\.\d+)?/.exec(text)?.[0] ?? null;
}

/** Whether a version is at least another, by major and minor number. */
export function versionAtLeast(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minMajor = 0, minMinor = 0] = minimum.split('.').map(Number);
  return major > minMajor || (major === minMajor && minor >= minMinor);
}

/** `parent/<newest entry>/rest` for each entry of a folder, newest version first; empty when there is no such folder. */
export function versionedFolders(parent: string, rest: string): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((entry) => join(parent, entry, rest));
}

/** Why Docker cannot be used, or null when its daemon answers. */
export async function dockerProblem(env: NodeJS.ProcessEnv): Promise<string | null> {
  const docker = findOnPath(['docker'], env);
  if (docker === null) return 'not installed';
  const answer = await runProgram(docker, ['version', '--format', '{{.Server.Version}}'], {
    env,
    timeoutMs: 3000,
  });
  return answer.code === 0 && versionIn(answer.stdout) !== null
    ? null
    : 'its daemon does not answer';
}
