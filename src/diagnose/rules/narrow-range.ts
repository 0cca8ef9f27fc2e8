/**
 * narrow-port-range: the range was narrowed, or reserved ports take much of it, and connects fail for it. Widening is headroom where a
 * stream would fill any range; where the default would do, the setting is the cause and goes first. Pure.
 */
import { fullness, level } from '../../forecast/outlook.js';
import { isMostlyBlocked } from '../../forecast/takers.js';
import type { BudgetRow, Evidence, TotalsRow } from '../../protocol/rows.js';
import { budgetOf, projectedShare, totalsOf } from '../churn-severity.js';
import { DEFAULT_PORTS, DEFAULT_RANGE, present, reuseFix, widen } from '../fixes.js';
import type { Actor, Candidate, Facts, Rule, Tables } from '../types.js';
import { integer, rate, where, who } from '../words.js';
import { candidate, isKnown, isOut } from './candidate.js';

/** A stream that would hold less than this share of the default range is the range's victim, not its own. */
const HARMLESS = 0.05;
const FIRST = 10;
const AFTER_CAUSES = 45;

export const narrowRange: Rule = (tables, facts) =>
  tables.totals.flatMap((totals) => {
    const ports = usable(totals);
    if (ports === null || ports >= DEFAULT_PORTS) return [];
    const tightest = tables.actors
      .filter((actor) => isOut(actor) && actor.netnsId === totals.netnsId)
      .flatMap((actor) => pressed(actor, tables));
    const [worst] = tightest.sort(
      (a, b) =>
        Number(isKnown(b.actor)) - Number(isKnown(a.actor)) ||
        (fullness(b.budget) ?? 0) - (fullness(a.budget) ?? 0) ||
        b.actor.portsHeld - a.actor.portsHeld,
    );
    return worst === undefined ? [] : [narrow(worst, totals, ports, { tables, facts })];
  });

interface Pressed {
  actor: Actor;
  budget: BudgetRow;
  /** Of the default range. */
  demand: number;
}

function pressed(actor: Actor, tables: Tables): Pressed[] {
  const budget = budgetOf(tables, actor);
  /* Where bind() blocks the ports, whoever calls it needs them. */
  if (budget === undefined || level(budget) === 'fine' || isMostlyBlocked(budget)) return [];
  const totals = totalsOf(tables, actor.netnsId);
  const demand = actor.established / DEFAULT_PORTS + projectedShare(actor, budget, totals, DEFAULT_PORTS);
  return [{ actor, budget, demand }];
}

/** Ports of the range that are not reserved. */
function usable({ portRange, reservedPorts }: TotalsRow): number | null {
  return portRange === null ? null : Math.max(0, portRange[1] - portRange[0] + 1 - (reservedPorts ?? 0));
}

function narrow(
  { actor, budget, demand }: Pressed,
  totals: TotalsRow,
  ports: number,
  { tables, facts }: { tables: Tables; facts: Facts },
): Candidate {
  const [low, high] = totals.portRange as [number, number];
  const harmless = demand < HARMLESS;
  return candidate(
    { ...actor, key: totals.key },
    {
      rule: 'narrow-port-range',
      priority: harmless ? FIRST : AFTER_CAUSES,
      weight: fullness(budget) ?? 0,
      severity: level(budget) === 'critical' ? 'critical' : 'warning',
      confidenceReason: 'the setting was read from the kernel',
      title: `Only ${integer(ports)} local ports are allowed here (the default is ${integer(DEFAULT_PORTS)}), and ${who(actor.process, actor.program)} needs them for ${where(actor.destination)}`,
      evidence: evidenceOf(totals, ports, actor, budget),
      doNow: present(widen(totals, actor.process, facts)),
      fixForGood: [
        reuseFix(actor.process, actor.destination, facts, tables),
        {
          text: `Find who set ip_local_port_range to ${low} ${high} and take that out; reserve single ports in ip_local_reserved_ports instead.`,
          snippet: `grep -rs 'ip_local_\\(port_range\\|reserved_ports\\)' /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d\n# the default: net.ipv4.ip_local_port_range = ${DEFAULT_RANGE.join(' ')}`,
          language: 'shell',
          headroom: 'range',
        },
      ],
    },
  );
}

function evidenceOf(totals: TotalsRow, ports: number, actor: Actor, budget: BudgetRow): Evidence[] {
  const [low, high] = totals.portRange as [number, number];
  const evidence: Evidence[] = [
    { text: 'net.ipv4.ip_local_port_range', value: `${low} ${high}` },
    { text: 'ports that connect() may use', value: ports },
    { text: 'ports reserved inside the range', value: totals.reservedPorts },
    { text: 'ports held toward this destination', value: budget.used },
    { text: 'connections opened per second', value: rate(actor.openPerSec) },
  ];
  const size = high - low + 1;
  if (size % 2 === 1 && size > 1)
    evidence.push({ text: 'the range has an odd size', value: 'connect() may miss one port more' });
  return evidence;
}
