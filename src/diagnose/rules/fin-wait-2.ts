/**
 * fin-wait-2: we have closed, the peer does not. Here, and only here, tcp_fin_timeout matters. Pure.
 */
import { level } from '../../forecast/outlook.js';
import { budgetOf, totalsOf } from '../churn-severity.js';
import { present, shorterFinWait } from '../fixes.js';
import type { Actor, Candidate, Rule, Tables } from '../types.js';
import { counted, where, who } from '../words.js';
import { candidate } from './candidate.js';

const MANY = 100;

export const finWait2: Rule = (tables) =>
  tables.actors
    .filter((actor) => actor.finWait2 >= MANY && actor.finWait2 > actor.timeWait / 2)
    .map((actor) => held(actor, tables));

function held(actor: Actor, tables: Tables): Candidate {
  const budget = budgetOf(tables, actor);
  const tight = budget !== undefined && level(budget) !== 'fine';
  const totals = totalsOf(tables, actor.netnsId);
  return candidate(actor, {
    rule: 'fin-wait-2',
    priority: 35,
    weight: actor.finWait2,
    severity: tight ? 'warning' : 'info',
    confidenceReason: 'the kernel lists these sockets in FIN_WAIT2',
    title: `${where(actor.destination)} does not close ${counted(actor.finWait2, 'connection')} that ${who(actor.process, actor.program)} has closed`,
    evidence: [
      { text: 'connections in FIN_WAIT2', value: actor.finWait2 },
      { text: 'TIME_WAIT entries, these included', value: actor.timeWait },
      { text: 'net.ipv4.tcp_fin_timeout, seconds', value: totals?.tcpFinTimeout ?? null },
    ],
    doNow: present(shorterFinWait(totals, actor.process)),
    fixForGood: [
      {
        text: 'Look at the peer: it leaks connections in CLOSE_WAIT. Where it runs here, portchurn names it too.',
        snippet: `ss -tanp state close-wait`,
        language: 'shell',
      },
    ],
  });
}
