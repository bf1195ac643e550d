import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXPERIMENTS } from './experiments.ts';
import { repositoryFiles } from './fixtures/repository.ts';

/** Who may import what of ours; the first line that fits a file counts. The same table stands in ARCHITECTURE.md. */
const BORDERS: { files: RegExp; may: RegExp[]; mayTypes?: RegExp[] }[] = [
  { files: /^test\/|\.config\.ts$/, may: [/./] },
  { files: /^scripts\//, may: [] },
  { files: /^deploy\//, may: [/^seed\//] },
  { files: /^seed\//, may: [/^seed\//] },
  { files: /^sim\//, may: [/^sim\//, /^lab\/stats\//] },
  { files: /^server\/cache\//, may: [/^server\/cache\//] },
  { files: /^server\//, may: [/^server\//], mayTypes: [/^lab\/server-protocol\.ts$/] },
  { files: /^scenarios\/(lib\/|[^/]+\/load\.ts$)/, may: [/^scenarios\/lib\//] },
  {
    files: /^scenarios\/.*\.test\.ts$|^scenarios\/[^/]+\/fixtures\//,
    may: [/^scenarios\//, /^lab\//, /^reports\//, /^seed\//, /^sim\//],
  },
  {
    files: /^scenarios\/[^/]+\/[\w-]+\.ts$/,
    may: [
      /^lab\/(experiment|protocol|result|measures|claims|errors|seeded-random)\.ts$/,
      /^lab\/(stats|theory|oracle)\//,
      /^lab\/sim\/redis-replay\.ts$/,
      /^sim\//,
      /^reports\//,
      /^server\/(cache\/(presets|staleness-bound)|redis-connect)\.ts$/,
      /^scenarios\/[^/]+\/[\w-]+\.ts$/,
    ],
    mayTypes: [/^lab\/server-protocol\.ts$/],
  },
  {
    files: /^peers\//,
    may: [/^peers\//, /^server\//],
    mayTypes: [/^lab\/server-protocol\.ts$/],
  },
  {
    files: /^lab\/(theory|oracle)\//,
    may: [/^lab\/(stats|theory|oracle)\//, /^lab\/(result|seeded-random)\.ts$/],
    mayTypes: [/^lab\/server-protocol\.ts$/],
  },
  {
    files: /^reports\//,
    may: [/^reports\//, /^lab\/(sim\/)?result\.ts$/, /^server\/cache\/presets\.ts$/],
  },
  // What a browser runs.
  {
    files: /^workshop\/(page|forms)\//,
    may: [/^workshop\/(page|forms)\//, /^workshop\/contract\.ts$/],
  },
  {
    files: /^workshop\//,
    may: [/^(workshop|lab|seed|sim|reports)\//, /^server\/cache\/(presets|staleness-bound)\.ts$/],
    mayTypes: [/^scenarios\/lib\//],
  },
  {
    files: /^lab\//,
    may: [
      /^(lab|seed|sim|reports|scenarios|workshop)\//,
      /^server\/cache\/(presets|staleness-bound)\.ts$/,
    ],
  },
];

interface Import {
  from: string;
  to: string;
  specifier: string;
  typeOnly: boolean;
}

/** Relative imports of one file. Strings in tests that look like imports would count too: there are none. */
function importsOf(from: string, text: string): Import[] {
  const statement =
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'/g;
  return [...text.matchAll(statement)].flatMap(([, type, named, dynamic]) => {
    const specifier = named ?? dynamic ?? '';
    if (!specifier.startsWith('.')) return [];
    const to = posix.join(posix.dirname(from), specifier);
    return [{ from, to, specifier, typeOnly: type !== undefined }];
  });
}

function borderProblems(files: ReadonlyMap<string, string>): string[] {
  return code(files).flatMap(([path, text]) => {
    const border = BORDERS.find((candidate) => candidate.files.test(path));
    if (border === undefined) return [`${path}: no line of the table of borders fits it`];
    return importsOf(path, text)
      .filter(({ to, typeOnly }) => {
        const allowed = [...border.may, ...(typeOnly ? (border.mayTypes ?? []) : [])];
        return !allowed.some((pattern) => pattern.test(to));
      })
      .map(({ from, to }) => `${from} imports ${to}`);
  });
}

function endingProblems(files: ReadonlyMap<string, string>): string[] {
  return code(files).flatMap(([path, text]) =>
    importsOf(path, text)
      .filter(({ specifier }) => !/\.(ts|mjs|json)$/.test(specifier))
      .map(({ specifier }) => `${path}: '${specifier}' has no ending`),
  );
}

function code(files: ReadonlyMap<string, string>): [string, string][] {
  return [...files].filter(([path]) => /\.(ts|mjs)$/.test(path));
}

/** Paths of the machine on which something was written or measured. */
function machinePathProblems(files: ReadonlyMap<string, string>): string[] {
  const folder = /(?<![\w.…/-])\/(?:(?:work|root|tmp\/dev)\b|(?:home|Users)\/\w)[^\s"'`)]*/g;
  return [...files]
    .filter(([path]) => !/\.test\.ts$|^test\/|\.txt$/.test(path))
    .flatMap(([path, text]) => [...text.matchAll(folder)].map(([found]) => `${path}: ${found}`));
}

/** Clock and chance are parameters in these folders. */
function impureProblems(files: ReadonlyMap<string, string>): string[] {
  const pure =
    /^(sim|lab\/(?:stats|theory|oracle)|server\/cache|reports\/charts)\/(?!.*\.test\.ts$)/;
  return code(files)
    .filter(([path]) => pure.test(path))
    .flatMap(([path, text]) =>
      [...text.matchAll(/\b(?:Date\.now|new Date\(\)|Math\.random|performance\.now)\b/g)].map(
        ([found]) => `${path}: ${found}`,
      ),
    );
}

function focusedTestProblems(files: ReadonlyMap<string, string>): string[] {
  return code(files)
    .filter(([path]) => path.endsWith('.test.ts'))
    .filter(([, text]) => /^\s*(?:test|it|describe)\.only\b/m.test(text))
    .map(([path]) => `${path}: .only leaves all other tests out`);
}

function lockFileProblems(files: ReadonlyMap<string, string>): string[] {
  const lock = files.get('package-lock.json') ?? '';
  return [...lock.matchAll(/"resolved": "(?<url>[^"]*)"/g)].map(
    (match) => `package-lock.json: ${match.groups?.['url']}`,
  );
}

function scenarioProblems(
  files: ReadonlyMap<string, string>,
  registered: readonly string[],
  withoutPages: readonly string[] = [],
): string[] {
  const folders = new Set(
    [...files.keys()].flatMap((path) => /^scenarios\/([^/]+)\//.exec(path)?.[1] ?? []),
  );
  folders.delete('lib');
  const incomplete = [...folders].flatMap((folder) =>
    ['experiment.ts', 'load.ts', 'README.md']
      .filter((name) => name !== 'load.ts' || !withoutPages.includes(folder))
      .map((name) => `scenarios/${folder}/${name}`)
      .filter((path) => !files.has(path))
      .map((path) => `${path} is missing`),
  );
  folders.delete('_template');
  const unknown = [...folders].filter((folder) => !registered.includes(folder));
  const homeless = registered.filter((name) => !folders.has(name));
  return [
    ...incomplete,
    ...unknown.map((folder) => `scenarios/${folder} is not in lab/experiments.ts`),
    ...homeless.map((name) => `experiment ${name} has no folder of its name`),
  ];
}

const files = repositoryFiles();
const names = EXPERIMENTS.map(({ name }) => name);
const withoutPages = EXPERIMENTS.filter(({ pages }) => pages === false).map(({ name }) => name);
const planted = (path: string, text: string): Map<string, string> => new Map([[path, text]]);

describe('the repository', () => {
  test('imports cross no border between folders', () => {
    expect(files.size).toBeGreaterThan(150);
    expect(borderProblems(files)).toEqual([]);
  });

  test.each([
    ['seed/x.ts', "import { a } from '../lab/errors.ts';"],
    ['server/x.ts', "import { a } from '../lab/server-protocol.ts';"],
    ['server/cache/x.ts', "import type { A } from '../context.ts';"],
    ['lab/x.ts', ['const a = await ', "('../server/app.ts');"].join('import')],
    ['scenarios/x/load.ts', "import {\n  a,\n} from '../../lab/measures.ts';"],
    ['scenarios/x/experiment.ts', "import '../../lab/bench.ts';"],
    ['reports/x.ts', "export { a } from '../lab/analyse.ts';"],
    ['scripts/x.mjs', "import { a } from '../lab/errors.ts';"],
    ['somewhere/x.ts', ''],
  ])('an import that %s may not have is found', (path, text) => {
    expect(borderProblems(planted(path, text))).toHaveLength(1);
  });

  test('the types of the lab’s protocol are the one thing that the server takes from the lab', () => {
    const text = "import type { LabStats } from '../lab/server-protocol.ts';";
    expect(borderProblems(planted('server/x.ts', text))).toEqual([]);
  });

  test('relative imports name their file with its ending', () => {
    expect(endingProblems(files)).toEqual([]);
    expect(endingProblems(planted('lab/x.ts', "import { a } from './errors';"))).toHaveLength(1);
  });

  test('no file names a folder of the machine that it was written on', () => {
    expect(machinePathProblems(files)).toEqual([]);
    const path = ['', 'home', 'mei', 'cachelab'].join('/');
    expect(machinePathProblems(planted('README.md', `run in ${path}`))).toHaveLength(1);
  });

  test('statistics, cache policies and charts read neither clock nor chance', () => {
    expect(impureProblems(files)).toEqual([]);
    expect(impureProblems(planted('lab/stats/x.ts', 'const now = Date.now();'))).toHaveLength(1);
  });

  test('no test is focused', () => {
    expect(focusedTestProblems(files)).toEqual([]);
    const focused = ['test', "only('x', () => {});"].join('.');
    expect(focusedTestProblems(planted('lab/x.test.ts', focused))).toHaveLength(1);
  });

  test('the lock file names no registry', () => {
    expect(files.get('package-lock.json')).toContain('"lockfileVersion": 3');
    expect(lockFileProblems(files)).toEqual([]);
    const lock = '"resolved": "https://registry.example/x.tgz"';
    expect(lockFileProblems(planted('package-lock.json', lock))).toHaveLength(1);
  });

  test('each scenario has its design, its load (if it has pages) and its page, and is registered under its folder’s name', () => {
    expect(scenarioProblems(files, names, withoutPages)).toEqual([]);
    expect(scenarioProblems(planted('scenarios/x/experiment.ts', ''), ['y'])).toEqual([
      'scenarios/x/load.ts is missing',
      'scenarios/x/README.md is missing',
      'scenarios/x is not in lab/experiments.ts',
      'experiment y has no folder of its name',
    ]);
  });
});
