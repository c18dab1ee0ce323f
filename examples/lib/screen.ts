/** Writes lines: in place of the last ones on a terminal, one after another elsewhere. */
const { stdout } = process;

export const onTerminal = stdout.isTTY === true;

let drawn = 0;

/** Draws these lines over those that were drawn last. */
export function redraw(lines: readonly string[]): void {
  const width = stdout.columns || 80;
  const up = drawn > 0 ? `\x1b[${drawn}A` : '';
  stdout.write(`${up}${lines.map((line) => `${line.slice(0, width - 1)}\x1b[K\n`).join('')}`);
  drawn = lines.length;
}

/** `[######----]` */
export function bar(fraction: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return `[${'#'.repeat(full)}${'-'.repeat(width - full)}]`;
}

/** `1,234,567` */
export function grouped(number: number): string {
  return Math.round(number).toLocaleString('en');
}
