/** Lists of ports as ip_local_reserved_ports takes them. In: ports, spans of ports. Out: spans, text. Pure. */
import type { PortSpan } from '../types.js';

/** Listed at most: a namespace with thousands of listeners would make a line that no shell takes. */
const MOST_SPANS = 200;

/** `80,90-95`; nothing for none. */
export function spansText(spans: readonly PortSpan[]): string {
  return spans.map(([low, high]) => (low === high ? `${low}` : `${low}-${high}`)).join(',');
}

/** What spansText() has written. */
export function spansOf(text: string): PortSpan[] {
  return text
    .split(',')
    .filter((one) => one !== '')
    .map((one) => {
      const [low = 0, high = low] = one.split('-').map(Number);
      return [low, high];
    });
}

export const asSpan = (port: number): PortSpan => [port, port];

/** Both together, ascending; of too many, the nearest ones are joined with what lies between. */
export function joined(a: readonly PortSpan[], b: readonly PortSpan[]): PortSpan[] {
  const sorted = [...a, ...b].sort(([x], [y]) => x - y);
  let spans = closed(sorted, 1);
  for (let gap = 2; spans.length > MOST_SPANS; gap *= 2) spans = closed(spans, gap);
  return spans;
}

/** @param gap spans that lie no further apart become one */
function closed(ascending: readonly PortSpan[], gap: number): PortSpan[] {
  const spans: [number, number][] = [];
  for (const [low, high] of ascending) {
    const last = spans.at(-1);
    if (last === undefined || low - last[1] > gap) spans.push([low, high]);
    else last[1] = Math.max(last[1], high);
  }
  return spans;
}

export const holds = (spans: readonly PortSpan[], port: number): boolean =>
  spans.some(([low, high]) => low <= port && port <= high);

/** @param spans each of them lies within one of the others, in the kernel's form, where neighbours are one span */
export function covers(others: readonly PortSpan[], spans: readonly PortSpan[]): boolean {
  const whole = closed(others, 1);
  return spans.every(([low, high]) => whole.some(([first, last]) => first <= low && high <= last));
}
