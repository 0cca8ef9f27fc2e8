/**
 * `portchurn check`: one line of a monitoring plugin, with perfdata; at a terminal as many as it takes. In: thresholds, a data source. Out:
 * the line, and exit code 0 ok, 1 warning, 2 critical, 3 unknown. Any failure on the way is unknown too: command-line.ts hands it here.
 */
import type { ValuesOf } from '../../config/options.js';
import { CRITICAL_SECONDS, pressure } from '../../forecast/outlook.js';
import { place } from '../../forecast/outlook-words.js';
import { PortchurnError } from '../../protocol/errors.js';
import { percent } from '../../protocol/format.js';
import type { BudgetRow } from '../../protocol/rows.js';
import type { Backends } from '../backends.js';
import type { Io } from '../io.js';
import { columnsOf } from '../screen/style.js';
import { jsonText, printable } from '../screen/text.js';
import { wrapped } from '../screen/wrap.js';
import { checkFilter, queryOnce } from './once.js';
import { inside, type Standing, standingOf, whereabouts } from './standing.js';

const STATUS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
type Code = 0 | 1 | 2 | 3;
const UNKNOWN: Code = 3;

export async function check(values: ValuesOf<'check'>, io: Io, backends: Backends): Promise<number> {
  if (values.warn > values.crit) throw new PortchurnError('USAGE', '--warn must not be above --crit');
  await checkFilter(values.filter);
  const checked = await queryOnce(values, io, backends, (source) => standingOf(source, values));
  if (checked === null) throw new PortchurnError('INTERNAL', 'interrupted');
  const code = codeOf(checked, values);
  const text =
    values.output === 'json' ? json(checked, code, values) : shown(checkLine(checked, code, values), io);
  io.stdout.write(`${text}\n`);
  return code;
}

/** What a monitoring system is told when there is no answer, whatever the reason. `words`: of the command line. */
export function checkFailed(error: PortchurnError, words: readonly string[], io: Io): Code {
  const text = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  const body = { status: STATUS[UNKNOWN], exitCode: UNKNOWN, text, code: error.code };
  io.stdout.write(`${wantsJson(words, io) ? jsonText(body) : shown(line(UNKNOWN, text), io)}\n`);
  return UNKNOWN;
}

/** One line, but for a person at a terminal: none of its words is broken there. */
const shown = (text: string, { stdout }: Io) => wrapped(text, columnsOf(stdout)).join('\n');

/** By the words themselves, since they may be the mistake. */
function wantsJson(words: readonly string[], { env }: Io): boolean {
  const asked = /(?:^| )(?:-o|--output)[ =]?(\w+)/.exec(words.join(' '))?.[1];
  return (asked ?? env.PORTCHURN_OUTPUT) === 'json';
}

type Thresholds = Pick<ValuesOf<'check'>, 'warn' | 'crit'>;

/** Percent, one decimal. */
function fill(budget: BudgetRow | null): number {
  return budget === null ? 0 : Math.round(pressure(budget) * 1000) / 10;
}

/** The one that the sentence is about, else the tightest. */
const measured = ({ subject, tightest }: Standing): BudgetRow | null => subject ?? tightest;

export function codeOf(checked: Standing, { warn, crit }: Thresholds): Code {
  const { level, exhaustionSeconds, incident } = checked.verdict;
  const fullest = Math.max(fill(measured(checked)), fill(checked.tightest));
  const runsOutIn = exhaustionSeconds ?? Number.POSITIVE_INFINITY;
  if (level === 'critical' || fullest >= crit || runsOutIn <= CRITICAL_SECONDS) return 2;
  /* Without either it warns of a fill alone, of which the thresholds decide. */
  const isUrgent = level === 'warning' && (exhaustionSeconds !== null || incident !== null);
  return isUrgent || fullest >= warn ? 1 : 0;
}

export function checkLine(checked: Standing, code: Code, thresholds: Thresholds): string {
  return `${line(code, textOf(checked, thresholds))} | ${perfdata(checked, thresholds).join(' ')}`;
}

function textOf(checked: Standing, thresholds: Thresholds): string {
  return [checked.verdict.text, ...whereabouts(checked), ...tighter(checked, thresholds)].join(' ');
}

/** What the exit code may come from is said. */
function tighter(checked: Standing, { warn }: Thresholds): string[] {
  const { tightest, alsoOut } = checked;
  if (tightest === null || tightest.key === measured(checked)?.key || fill(tightest) < warn) return [];
  if (alsoOut.some(({ key }) => key === tightest.key)) return [];
  return [
    `${percent(pressure(tightest))} of the ports ${place(tightest)} ${inside(checked, tightest)} are held, too.`,
  ];
}

/** A bar would end the text. */
function line(code: Code, text: string): string {
  return `PORTCHURN ${STATUS[code]} - ${printable(text).replaceAll('|', '/')}`;
}

/** Ports that no new connection can have: those that bind() blocks, too. */
function usedUp(budget: BudgetRow | null): number {
  const { used = null, blocked = null, limit = null, free = null } = budget ?? {};
  if (!blocked) return used ?? 0;
  return limit === null || free === null ? (used ?? 0) + blocked : limit - free;
}

/** label=value[unit];warn;crit;min;max; U is unknown. */
function perfdata(checked: Standing, { warn, crit }: Thresholds): string[] {
  const { verdict, findings } = checked;
  const budget = measured(checked);
  const active = findings.filter(({ resolved }) => resolved === null);
  const of = (severity: string) => active.filter((row) => row.severity === severity).length;
  const seconds = verdict.exhaustionSeconds === null ? 'U' : `${verdict.exhaustionSeconds}s`;
  return [
    `tightest=${fill(budget)}%;${warn};${crit};0;100`,
    `ports_used=${usedUp(budget)};;;0;${budget?.limit ?? ''}`,
    `exhaustion=${seconds};;;0`,
    `findings_critical=${of('critical')};;;0`,
    `findings_warning=${of('warning')};;;0`,
  ];
}

function json(checked: Standing, code: Code, thresholds: Thresholds): string {
  const { verdict, tightest, alsoOut } = checked;
  const status = { status: STATUS[code], exitCode: code, text: textOf(checked, thresholds) };
  return jsonText({ ...status, perfdata: perfdata(checked, thresholds), verdict, tightest, alsoOut });
}
