/**
 * A setting that somebody changes shows before the next audit: rows follow within two seconds. An audit reads the settings, too;
 * so a change counts here only when the last audit of the namespace was before it.
 */
import { expect, it } from 'vitest';
import type { TotalsRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { budgets } from '../support/failing.js';
import type { Sysctls } from '../support/netns.js';
import { fileScope, testScope } from '../support/scope.js';
import { type View, watched } from '../support/watch.js';

const next = watched(fileScope(), 2);
const TO = '127.0.0.1:9000';
/** An audit comes every ten seconds at most: some of so many changes fall between two. */
const CHANGES = 12;

const limitOf = (view: View) => budgets(view).find(({ destination }) => destination.port === 9000)?.limit;

/** What the row says of each setting, and one more to set every time. */
const SETTINGS: readonly (readonly [
  string,
  (n: number) => Sysctls,
  (view: View, row: TotalsRow) => unknown,
  (n: number) => unknown,
])[] = [
  [
    'ip_local_port_range',
    (n) => ({ 'net.ipv4.ip_local_port_range': `40000 ${40_099 + n}` }),
    limitOf,
    (n) => 100 + n,
  ],
  [
    'ip_local_reserved_ports',
    (n) => ({ 'net.ipv4.ip_local_reserved_ports': `40000-${40_000 + n}` }),
    (_, row) => row.reservedPorts,
    (n) => n + 1,
  ],
  ['tcp_tw_reuse', (n) => ({ 'net.ipv4.tcp_tw_reuse': n % 3 }), (_, row) => row.tcpTwReuse, (n) => n % 3],
  [
    'tcp_timestamps',
    (n) => ({ 'net.ipv4.tcp_timestamps': n % 2 }),
    (_, row) => row.tcpTimestamps,
    (n) => n % 2,
  ],
  [
    'tcp_max_tw_buckets',
    (n) => ({ 'net.ipv4.tcp_max_tw_buckets': 1000 + n }),
    (_, row) => row.tcpMaxTwBuckets,
    (n) => 1000 + n,
  ],
];

/** Changes it and waits for it to show; whether no audit can have brought it. */
async function changes(view: View, sysctls: Sysctls, shows: (row: TotalsRow) => boolean): Promise<boolean> {
  const from = performance.now();
  view.netns.sysctl(sysctls);
  const row = await view.watch.until(
    () => {
      const totals = view.totals();
      return totals !== undefined && shows(totals) && totals;
    },
    `${JSON.stringify(sysctls)} in the rows`,
  );
  return (row.auditAgeMs as number) > performance.now() - from;
}

it('a setting that changes shows between two audits, in a namespace that holds ports', async () => {
  const scope = testScope();
  const view = next({ 'net.ipv4.ip_local_port_range': '40000 40099' });
  await churnServer(scope, view.netns, [`${TO}=never`]);
  const holder = await churnClient(scope, view.netns, { to: TO, count: 5, 'hold-ms': 600_000 });
  await view.watch.until(() => limitOf(view) === 100, 'the first settings');
  const seen = new Set<string>();
  for (let n = 1; n <= CHANGES && seen.size < SETTINGS.length; n++)
    for (const [name, sysctls, shown, wanted] of SETTINGS)
      if (!seen.has(name) && (await changes(view, sysctls(n), (row) => shown(view, row) === wanted(n))))
        seen.add(name);
  expect([...seen].sort()).toEqual(SETTINGS.map(([name]) => name).sort());
  await holder.stop();
});
