/**
 * `portchurn check`: one line of a monitoring plugin, with perfdata. In: thresholds, a data source. Out: the line,
 * and exit code 0 ok, 1 warning, 2 critical, 3 unknown; any failure on the way is unknown too.
 */
import type { ValuesOf } from '../../config/options.js';
import { byTightness, pressure } from '../../forecast/outlook.js';
import { PortchurnError } from '../../protocol/errors.js';
import type { SnapshotBody } from '../../protocol/frames.js';
import { MAX_LIMIT } from '../../protocol/names.js';
import type { BudgetRow, FindingRow, VerdictRow } from '../../protocol/rows.js';
import type { Backends } from '../backends.js';
import type { Io } from '../io.js';
import { jsonText, printable } from '../screen/text.js';
import { type DataSource, rowsOf } from '../source/data-source.js';
import { only, queryOnce } from './once.js';

const STATUS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
type Code = 0 | 1 | 2 | 3;
const UNKNOWN: Code = 3;

export interface Checked {
  readonly verdict: VerdictRow;
  readonly tightest: BudgetRow | null;
  readonly findings: readonly FindingRow[];
}

export async function check(values: ValuesOf<'check'>, io: Io, backends: Backends): Promise<number> {
  try {
    if (values.warn > values.crit) throw new PortchurnError('USAGE', '--warn must not be above --crit');
    const checked = await queryOnce(values, io, backends, query);
    if (checked === null) throw new PortchurnError('INTERNAL', 'interrupted');
    const code = codeOf(checked, values);
    io.stdout.write(
      `${values.output === 'json' ? json(checked, code, values) : checkLine(checked, code, values)}\n`,
    );
    return code;
  } catch (error) {
    if (!(error instanceof PortchurnError)) throw error;
    return unknown(error, values, io);
  }
}

function unknown(error: PortchurnError, values: ValuesOf<'check'>, io: Io): Code {
  const text = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  const body = { status: STATUS[UNKNOWN], exitCode: UNKNOWN, text, code: error.code };
  io.stdout.write(`${values.output === 'json' ? jsonText(body) : line(UNKNOWN, text)}\n`);
  return UNKNOWN;
}

async function query(source: DataSource): Promise<Checked> {
  const verdicts = rowsOf(await source.table({ topic: 'verdict' }), 'verdict');
  const findings = rowsOf(await source.table({ topic: 'findings' }), 'findings');
  const bodies = await Promise.all([budgets(source, '-used'), budgets(source, 'exhaustionSeconds')]);
  const rows = bodies.flatMap((body) => rowsOf(body, 'budgets')).filter(({ limit }) => limit !== null);
  const tightest = [...rows].sort(byTightness)[0] ?? null;
  return { verdict: only(verdicts, 'verdict'), tightest, findings };
}

/** More budgets than one answer holds: the fullest are among the most used, the next to run out among those that do. */
function budgets(source: DataSource, sort: string): Promise<SnapshotBody> {
  return source.table({ topic: 'budgets', sort, limit: MAX_LIMIT });
}

type Thresholds = Pick<ValuesOf<'check'>, 'warn' | 'crit'>;

/** Percent of the tightest budget, one decimal. */
function fill({ tightest }: Checked): number {
  return tightest === null ? 0 : Math.round(pressure(tightest) * 1000) / 10;
}

export function codeOf(checked: Checked, { warn, crit }: Thresholds): Code {
  const { level, exhaustionSeconds } = checked.verdict;
  if (level === 'critical' || fill(checked) >= crit) return 2;
  const runsOut = level === 'warning' && exhaustionSeconds !== null;
  return runsOut || fill(checked) >= warn ? 1 : 0;
}

export function checkLine(checked: Checked, code: Code, thresholds: Thresholds): string {
  return `${line(code, checked.verdict.text)} | ${perfdata(checked, thresholds).join(' ')}`;
}

/** A bar would end the text. */
function line(code: Code, text: string): string {
  return `PORTCHURN ${STATUS[code]} - ${printable(text).replaceAll('|', '/')}`;
}

/** label=value[unit];warn;crit;min;max; U is unknown. */
function perfdata(checked: Checked, { warn, crit }: Thresholds): string[] {
  const { tightest, verdict, findings } = checked;
  const active = findings.filter(({ resolved }) => resolved === null);
  const of = (severity: string) => active.filter((row) => row.severity === severity).length;
  const seconds = verdict.exhaustionSeconds === null ? 'U' : `${verdict.exhaustionSeconds}s`;
  return [
    `tightest=${fill(checked)}%;${warn};${crit};0;100`,
    `ports_used=${tightest?.used ?? 0};;;0;${tightest?.limit ?? ''}`,
    `exhaustion=${seconds};;;0`,
    `findings_critical=${of('critical')};;;0`,
    `findings_warning=${of('warning')};;;0`,
  ];
}

function json(checked: Checked, code: Code, thresholds: Thresholds): string {
  const { verdict, tightest } = checked;
  const status = { status: STATUS[code], exitCode: code, text: verdict.text };
  return jsonText({ ...status, perfdata: perfdata(checked, thresholds), verdict, tightest });
}
