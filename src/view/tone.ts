/**
 * How good or bad something is. Every surface gives a tone its own colour and glyph; which tone a verdict, a finding or a
 * budget has is the same everywhere.
 */
import { isOut, type Level, level } from '../forecast/outlook.js';
import type { BudgetRow, FindingRow, VerdictRow } from '../protocol/rows.js';

export type Tone = 'good' | 'wait' | 'warn' | 'bad';

export const VERDICT_TONES: Readonly<Record<VerdictRow['level'], Tone>> = {
  ok: 'good',
  recovered: 'good',
  warning: 'warn',
  critical: 'bad',
};

export const SEVERITY_TONES: Readonly<Record<FindingRow['severity'], Tone>> = {
  info: 'wait',
  warning: 'warn',
  critical: 'bad',
};

export const BUDGET_TONES: Readonly<Record<Level, Tone>> = { fine: 'good', warning: 'warn', critical: 'bad' };

/** Of a bar or a tank, whose red is for what is broken now: no port is left. Empty: it has the colour of bars. */
export const barTone = (row: BudgetRow): 'bad' | 'warn' | '' =>
  isOut(row) ? 'bad' : level(row) === 'fine' ? '' : 'warn';
