/**
 * Rows as CSV (RFC 4180), for spreadsheets. In: headings and values. Out: text. Pure. A text that a spreadsheet would run as a formula gets a
 * leading apostrophe, in the terminal's CSV too; other processes choose such texts.
 */
export type CsvValue = string | number | null;

export function csvText(headings: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  return [headings, ...rows]
    .map((row) => row.map(field).join(','))
    .join('\r\n')
    .concat('\r\n');
}

/** Also behind spaces and quotes, which spreadsheets take off. */
const FORMULA = /^[\s"']*[=+\-@\t\r＝＋－＠]/u;

/** The same text, which no spreadsheet runs. */
export const unformed = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/** Unknown is empty. */
function field(value: CsvValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = unformed(value);
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
