/**
 * Every row of a namespace beside what the kernel and the programs themselves say of it. In: rows, as a client has them; the
 * namespace's counters and sockets; tallies. Out: what differs, in words. Pure.
 *
 * | row | is, by the kernel |
 * |---|---|
 * | `opened`, outbound | Tcp.ActiveOpens (attempts that sent a SYN) − Tcp.AttemptFails − attempts given up − sockets in SYN_SENT |
 * | `opened`, inbound | Tcp.PassiveOpens (handshakes that were finished, accepted or not) |
 * | `closed` | `opened` − sockets that ss shows from ESTABLISHED to LAST_ACK |
 * | `failed` | Tcp.AttemptFails (refused, timed out, unreachable) + attempts without a port (EADDRNOTAVAIL) + attempts given up |
 * | `established` | sockets in ESTAB, by pid |
 * | `timeWait` | sockets in TIME-WAIT, and FIN_WAIT2 mini-sockets: `timer:(timewait,…)` |
 * | `recycled` | TcpExt.TWRecycled |
 * | `timeWait` + `recycled` + ended | TcpExt.TW; ended by their timers or, at a server, by a SYN: no counter has these |
 * | `used` | local ports that ss shows from the source toward the destination |
 * | `limit` | the range without its reserved ports, by sysctl |
 * | `blocked` | ports of these that somebody listens at or has bound, without `used` |
 *
 * An attempt without a port changes no counter, and neither does one that its program closes: these the programs count. So do they
 * failed calls of bind(), which are in the failures alone. Whose a connection was only its program knows once it has closed.
 * TcpExt.TWKilled counts entries that were made for four seconds or less; there are none here.
 */
import { compareBudgets } from './compare-budgets.js';
import { compareFailures, compareFlows, compareOwners, compareVisits } from './compare-flows.js';
import { isOpen, waiting } from './kernel.js';
import { Ledger, sum } from './ledger.js';
import { blocked, GAVE_UP, NO_PORT, openedOut, reported, type Shown, type Truth } from './shown.js';

export function differences(shown: Shown, truth: Truth): string[] {
  const ledger = new Ledger(shown.totals.eventsMissed ?? 0);
  compareTotals(ledger, shown, truth);
  compareSums(ledger, shown, truth);
  compareFlows(ledger, shown, truth);
  compareOwners(ledger, shown, truth);
  compareVisits(ledger, shown, truth);
  compareBudgets(ledger, shown, truth);
  compareFailures(ledger, shown, truth);
  return ledger.wrong;
}

function compareTotals(ledger: Ledger, { totals }: Shown, truth: Truth): void {
  const { counters, sockets, range, reserved } = truth.kernel;
  const opened = openedOut(truth) + (counters['Tcp.PassiveOpens'] ?? 0);
  const failed = (counters['Tcp.AttemptFails'] ?? 0) + reported(truth.scripts, [NO_PORT, GAVE_UP]);
  ledger.same('totals.opened', totals.opened, opened);
  ledger.same('totals.closed', totals.closed, opened - sockets.filter(isOpen).length);
  ledger.counted('totals.failed', totals.failed, failed, totals);
  ledger.same('totals.timeWait', totals.timeWait, waiting(truth.kernel));
  ledger.counted('totals.recycled', totals.recycled, counters['TcpExt.TWRecycled'] ?? 0, totals);
  ledger.same('totals.portRange', totals.portRange?.join(' '), range.join(' '));
  ledger.same('totals.reservedPorts', totals.reservedPorts, reserved.size);
  ledger.same('totals.blockedPorts', totals.blockedPorts, blocked(truth).size);
}

/** Sums over the rows are what the kernel counts for the namespace. */
function compareSums(ledger: Ledger, { totals, flows, budgets }: Shown, truth: Truth): void {
  const { counters } = truth.kernel;
  const opened = (way: string) => sum(flows, (row) => (row.direction === way ? row.opened : 0));
  ledger.same('opened of all outbound rows', opened('out'), openedOut(truth));
  ledger.same('opened of all inbound rows', opened('in'), counters['Tcp.PassiveOpens']);
  ledger.same(
    'closed of all rows',
    sum(flows, (row) => row.closed),
    totals.closed,
  );
  ledger.same(
    'failed of all rows',
    sum(flows, (row) => row.failed),
    totals.failed,
  );
  /* A budget's row goes when it holds no port any more: a script that is played again keeps some connections. */
  const recycled = sum(budgets, (row) => row.recycled);
  ledger.counted('recycled of all budgets', recycled, counters['TcpExt.TWRecycled'] ?? 0, totals);
}
