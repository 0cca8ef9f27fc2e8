/** An incident of ports and a calm machine as rows, for tests of the live screen. */
import * as published from '../../publish/rows.js';
import { budget, failure, flow, processInfo, totals } from '../rows.js';
import { NOW, type Rows } from './scenes.js';

export const DATABASE = { address: '10.77.0.9', port: 5432 };
export const IMPORTER = processInfo({
  pid: 3071,
  comm: 'python3',
  name: 'checkout-importer.py',
  interpreter: 'python3',
});
export const ORDERS = processInfo({ pid: 3072, comm: 'python3', name: 'orders.py', interpreter: 'python3' });

export const full = budget({
  destination: DATABASE,
  limit: 2000,
  used: 2000,
  free: 0,
  blocked: 0,
  exhaustionSeconds: 0,
  releasing: [
    [5, 100],
    [10, 200],
    [20, 400],
  ],
});
export const flows = [
  flow(IMPORTER, { destination: DATABASE, portsHeld: 1873, timeWait: 1873, openPerSec: 31, failPerSec: 61 }),
  flow(ORDERS, { destination: DATABASE, portsHeld: 127, timeWait: 127, openPerSec: 2, failPerSec: 5 }),
];
export const incident = published.incident('ports:1:10.0.0.1:10.77.0.9:5432@1', {
  kind: 'ports',
  severity: 'critical',
  state: 'open',
  since: NOW - 1_016_000,
  destination: DATABASE,
  budget: full.key,
  demandPerSec: 92,
  sustainablePerSec: 33.3,
  exhaustionSeconds: 0,
  failed: 52_223,
  failPerSec: 66,
  culprits: [{ process: IMPORTER, program: null, ports: 1873, share: 0.9365 }],
  victims: [
    { process: IMPORTER, program: null, failed: 50_000, perSec: 61 },
    { process: ORDERS, program: null, failed: 2223, perSec: 5 },
  ],
  remedies: [
    published.remedy('fix-for-good', {
      text: 'Make one pool when the program starts',
      snippet: 'pool = ConnectionPool()\n    indented',
    }),
    published.remedy('do-now', {
      text: 'Let connect() take over TIME_WAIT ports',
      command: 'sysctl -w net.ipv4.tcp_tw_reuse=1',
      undo: 'sysctl -w net.ipv4.tcp_tw_reuse=2',
      effect: 'At once.',
      settlesAt: 92,
    }),
    published.remedy('will-not-help', { text: 'tcp_fin_timeout', reason: 'It does not shorten TIME_WAIT.' }),
  ],
  changes: [],
});

export const trouble: Rows = {
  flows,
  budgets: [full],
  incidents: [incident],
  totals: [totals()],
  failures: [failure({ process: ORDERS, destination: DATABASE, perSec: 5 })],
  verdict: [published.verdict({ level: 'critical', text: 'Out of ports.' })],
};
export const calm: Rows = {
  flows: [flow(IMPORTER, { destination: DATABASE, portsHeld: 12, timeWait: 3, openPerSec: 0.5 })],
  budgets: [
    budget({
      destination: DATABASE,
      limit: 28_232,
      used: 12,
      free: 28_220,
      exhaustionSeconds: null,
      releasing: [],
    }),
  ],
  totals: [totals()],
  verdict: [
    published.verdict({ level: 'ok', text: 'Ports are fine. Tightest budget: <0.1 % to 10.77.0.9:5432.' }),
  ],
};
