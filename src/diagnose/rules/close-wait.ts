/**
 * close-wait-leak: the peer has closed, we never do. It costs descriptors and memory; outbound, a local port too. Pure.
 */
import { level } from '../../forecast/outlook.js';
import type { Severity } from '../../protocol/rows.js';
import { budgetOf } from '../churn-severity.js';
import { closeFix, findLine } from '../fixes.js';
import type { Actor, Candidate, Facts, Rule, Tables } from '../types.js';
import { counted, where, who } from '../words.js';
import { candidate } from './candidate.js';

const MANY = 20;
/** In CLOSE_WAIT for seconds: a connection that is merely late has left it by the next audit. */
const APPEAR_AFTER = 4;

export const closeWaitLeak: Rule = (tables, facts) =>
  tables.actors.filter((actor) => actor.closeWait >= MANY).map((actor) => leak(actor, tables, facts));

function leak(actor: Actor, tables: Tables, facts: Facts): Candidate {
  const inbound = actor.direction === 'in';
  const place = `${inbound ? 'on' : 'to'} ${where(actor.destination)}`;
  const live = actor.process.pid !== null && actor.process.exited !== true;
  return candidate(actor, {
    rule: 'close-wait-leak',
    priority: 18,
    weight: actor.closeWait,
    severity: severityOf(actor, tables),
    appearAfter: APPEAR_AFTER,
    confidence: actor.closeWait > actor.established ? 'high' : 'medium',
    confidenceReason:
      'the kernel lists these sockets in CLOSE_WAIT and no close() came; a slow program looks the same for a while',
    title: `${who(actor.process, actor.program)} does not close ${counted(actor.closeWait, 'connection')} ${place} that the peer has closed`,
    evidence: [
      { text: 'connections in CLOSE_WAIT', value: actor.closeWait },
      { text: 'established', value: actor.established },
      { text: 'closed since the start', value: actor.closed },
      { text: 'local ports they hold', value: inbound ? 0 : actor.portsHeld },
    ],
    doNow: live ? [restart(actor)] : [],
    fixForGood: [closeFix(actor.process, facts)],
    findLine: inbound ? [] : findLine(actor.process, actor.destination, facts),
  });
}

function severityOf(actor: Actor, tables: Tables): Severity {
  const budget = budgetOf(tables, actor);
  return budget !== undefined && level(budget) === 'critical' ? 'critical' : 'warning';
}

function restart({ process }: Actor) {
  const service =
    process.unit?.endsWith('.service') && /^[\w.@:-]+$/.test(process.unit) ? process.unit : null;
  return {
    text: 'Restart it before it runs out of file descriptors; no kernel setting ends CLOSE_WAIT',
    command:
      service === null
        ? `ls /proc/${process.pid}/fd | wc -l; grep 'open files' /proc/${process.pid}/limits`
        : `systemctl restart ${service}`,
    undo: null,
    effect:
      service === null
        ? 'Changes nothing: how many descriptors it has of how many it may have.'
        : 'Its connections end; it begins anew with none.',
    persistence: 'Until the leak has filled it again.',
  };
}
