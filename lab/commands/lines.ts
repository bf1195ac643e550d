/** Prints names and values, the values below each other. */
export function printLines(lines: readonly (readonly [name: string, value: string])[]): void {
  const width = Math.max(...lines.map(([name]) => name.length));
  for (const [name, value] of lines) process.stdout.write(`  ${name.padEnd(width)}  ${value}\n`);
}
