/**
 * Whether a comparison sees every figure of every row. In: what agrees. Out: figures that could be one more without anybody
 * noticing. Pure.
 */
import { differences } from './compare.js';
import type { Shown, Truth } from './shown.js';

const FIGURES = {
  totals: ['opened', 'closed', 'failed', 'timeWait', 'recycled', 'blockedPorts', 'reservedPorts'],
  flows: ['opened', 'closed', 'failed', 'timeWait', 'established'],
  budgets: ['used', 'limit', 'blocked', 'free', 'timeWait', 'established', 'recycled'],
  failures: ['count'],
} as const;

type Topic = keyof typeof FIGURES;
type Row = { key: string } & Record<string, unknown>;

const rowsOf = (shown: Shown, topic: Topic) => [shown[topic]].flat() as unknown as Row[];

export function unnoticed(shown: Shown, truth: Truth): string[] {
  const wrong = differences(shown, truth);
  if (wrong.length > 0) throw new Error(`these differ as it is: ${wrong.join(', ')}`);
  const topics = Object.keys(FIGURES) as Topic[];
  return topics.flatMap((topic) =>
    rowsOf(shown, topic).flatMap((row) =>
      FIGURES[topic]
        .filter((figure) => isUnnoticed(shown, truth, row, figure))
        .map((figure) => `${row.key} ${figure}`),
    ),
  );
}

/** The row is changed for the time of a comparison: copies of all rows, one for each figure, take seconds. */
function isUnnoticed(shown: Shown, truth: Truth, row: Row, figure: string): boolean {
  const before = row[figure];
  row[figure] = Number(before) + 1;
  const wrong = differences(shown, truth);
  row[figure] = before;
  return wrong.length === 0;
}
