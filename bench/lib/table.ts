/** Tables for people, as Markdown, so that they can be pasted into bench/README.md. */

export type Cell = string | number | null;

/** null: not measured. The first column is a name, the others are figures. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, ...rows].map((row) => row.map((cell) => String(cell ?? '–')));
  const widths = head.map((_, i) => Math.max(3, ...lines.map((line) => line[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => pad(cell, i, widths)).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(lines[0] as string[]), rule, ...lines.slice(1).map(line)].join('\n');
}

function pad(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] as number;
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

export const count = (value: number): string => Math.round(value).toLocaleString('en');
export const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;
