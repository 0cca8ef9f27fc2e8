/** Rows of a table as CSV, for spreadsheets. In: rows of a table. Out: text. */
import { stringify } from 'csv-stringify/sync';
import type { TSchema } from 'typebox';
import { type AnyRow, TABLES, type TableTopic } from '../../protocol/frames.js';
import { unformed } from '../../view/csv.js';
import { jsonText, printable } from './text.js';

/**
 * Columns are the fields of the schema, nested ones dotted (`process.pid`); unknown is empty, true and false are words.
 * A text that a spreadsheet would run as a formula gets a leading apostrophe.
 */
export function csv(topic: TableTopic, rows: readonly AnyRow[], header: boolean): string {
  const columns = fieldPaths(TABLES[topic]);
  return stringify([...rows], {
    header,
    columns,
    cast: {
      boolean: String,
      string: (text) => unformed(printable(text)),
      object: (value) => jsonText(value),
    },
  });
}

/** Paths of all values in a row, in the schema's order. */
function fieldPaths(schema: TSchema, prefix = ''): string[] {
  const { properties } = schema as { properties?: Record<string, TSchema> };
  if (properties === undefined) return [prefix];
  return Object.entries(properties).flatMap(([name, part]) =>
    fieldPaths(part, prefix ? `${prefix}.${name}` : name),
  );
}
