import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildFailure, build, formatMessages, type Message } from 'esbuild';
import { LabError } from '../../lab/errors.ts';
import { renderPage } from '../page/document.ts';

/** What a browser is given: the document, and its script and style under names that change with their content. */
export interface Assets {
  html: string;
  /** By path, e.g. `/assets/main-1a2b3c4d.js`. */
  files: ReadonlyMap<string, { type: string; body: Buffer }>;
}

const PAGE_FOLDER = fileURLToPath(new URL('../page', import.meta.url));
/** In the order of their say. */
const STYLES = ['uplot/dist/uPlot.min.css', './page.css'];

/**
 * Bundles the page in memory; about 0.1 s.
 * @throws LabError `E_PAGE_BUILD` with the place of each mistake.
 */
export async function bundlePage(): Promise<Assets> {
  const common = { bundle: true, minify: true, write: false, logLevel: 'silent' } as const;
  const built = await Promise.all([
    build({
      ...common,
      entryPoints: [join(PAGE_FOLDER, 'main.ts')],
      format: 'esm',
      target: 'es2022',
    }),
    build({
      ...common,
      stdin: {
        contents: STYLES.map((path) => `@import '${path}';`).join('\n'),
        resolveDir: PAGE_FOLDER,
        loader: 'css',
      },
    }),
  ]).catch(async (cause: unknown) => {
    throw new LabError('E_PAGE_BUILD', `the page does not compile: ${await mistakes(cause)}`, {
      hint: 'npm run typecheck says more; a fresh `npm ci` helps where a package is missing',
      cause,
    });
  });
  const [script, style] = built.map(({ outputFiles }) => Buffer.from(outputFiles[0]!.contents));
  const scriptPath = pathOf('main', script!, 'js');
  const stylePath = pathOf('page', style!, 'css');
  return {
    html: renderPage({ script: scriptPath, style: stylePath }),
    files: new Map([
      [scriptPath, { type: 'text/javascript; charset=utf-8', body: script! }],
      [stylePath, { type: 'text/css; charset=utf-8', body: style! }],
    ]),
  };
}

function pathOf(name: string, body: Buffer, ending: string): string {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 8);
  return `/assets/${name}-${hash}.${ending}`;
}

async function mistakes(cause: unknown): Promise<string> {
  const errors: Message[] = isBuildFailure(cause) ? cause.errors : [];
  if (errors.length === 0) return cause instanceof Error ? cause.message : String(cause);
  const lines = await formatMessages(errors, { kind: 'error', color: false });
  return lines.map((line) => line.trim()).join('\n');
}

function isBuildFailure(cause: unknown): cause is BuildFailure {
  return cause instanceof Error && 'errors' in cause && Array.isArray(cause.errors);
}
