import { relative } from 'node:path';
import { writeReport } from '../../reports/write.ts';
import { loadRun } from '../bench.ts';
import { ROOT } from '../root.ts';

/** `report RUN`: analyses the records of a run again and writes its report anew. */
export async function reportCommand(options: { run: string; json: boolean }): Promise<number> {
  const { result, records, folder } = loadRun(ROOT, options.run);
  await writeReport(result, records, folder);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(`${relative(process.cwd(), folder) || '.'}/report.html\n`);
  return 0;
}
