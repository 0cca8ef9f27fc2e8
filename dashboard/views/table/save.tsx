/**
 * A table as a file for spreadsheets. In: columns, rows in their order. Out: a button at the end of the panel's heading, a download. What
 * writes it is loaded when it is wanted.
 */
import type { Keyed } from '../../../src/view/order.js';
import { foreign } from '../../text/format.js';
import type { Column } from './column.js';

interface SaveProps<R> {
  caption: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
}

export function SaveCsv<R extends Keyed>({ caption, columns, rows }: SaveProps<R>) {
  const save = async () => {
    const { csvText } = await import('../../../src/view/csv.js');
    const values = rows.map((row) => columns.map((column) => shownValue(column.value(row))));
    download(
      `${caption.toLowerCase().replace(/[^a-z]+/g, '-')}.csv`,
      csvText(
        columns.map(({ label }) => label),
        values,
      ),
    );
  };
  return (
    <button
      type="button"
      class="small save"
      title="Save as CSV"
      aria-label={`Save as CSV: ${caption}`}
      onClick={() => void save()}
    >
      CSV
    </button>
  );
}

const shownValue = (value: string | number | null) => (typeof value === 'string' ? foreign(value) : value);

function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
