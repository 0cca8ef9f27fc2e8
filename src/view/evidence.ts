/** The value of a finding's evidence as text. In: evidence. Out: text, not yet safe to show; null when it is not known. */
import { number } from '../protocol/format.js';
import type { Evidence } from '../protocol/rows.js';

export function evidenceText({ value }: Pick<Evidence, 'value'>): string | null {
  return typeof value === 'number' ? number(value) : value;
}
