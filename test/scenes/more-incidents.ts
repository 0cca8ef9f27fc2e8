/** Incidents of other kinds, which take longer to tell. In: nothing. Out: the list that incidents.test.ts plays too. */
import { type Incident, RANGE } from '../support/scene/incidents.js';
import { both, CLIENT, SERVER } from '../support/scene/stack.js';

const DATABASE = both(5432);
const SILENT = `${SERVER[4]}:5433`;

export const MORE_INCIDENTS: readonly Incident[] = [
  {
    name: 'warehouse: one program takes the ports, and another one finds none',
    sysctls: { [RANGE]: '40000 40099' },
    prepare: (stack) => stack.serve('never-first.mjs', 5432),
    scripts: {
      'import-stock.py': { to: DATABASE, count: 100, perSecond: 100 },
      'orders.py': { to: DATABASE, count: 25, perSecond: 10 },
    },
    failing: { EADDRNOTAVAIL: 20 },
    rule: 'port-exhaustion',
  },
  {
    name: 'payments: a destination that does not answer, which one program waits for and another one gives up',
    sysctls: { 'net.ipv4.tcp_syn_retries': 1, 'net.ipv4.tcp_syn_linear_timeouts': 0 },
    prepare: async (stack) => {
      await stack.serve('never-first.mjs', 5432);
      stack.silence(5433);
    },
    scripts: {
      'charge.py': { to: [SILENT, ...DATABASE], count: 8, perSecond: 100, giveUpAfter: 0.3 },
      'settle.py': { to: [SILENT], count: 2, perSecond: 100 },
    },
    failing: { 'gave up': 8, ETIMEDOUT: 2 },
  },
  {
    name: 'mailer: bind() before each connect(), to any port of an address that has none left',
    sysctls: { [RANGE]: '40000 40099' },
    prepare: async (stack) => {
      for (const port of [25, 587]) await stack.serve('never-first.mjs', port);
    },
    scripts: {
      'mailer.py': {
        ...{ to: [25, 587].map((port) => `${SERVER[4]}:${port}`), count: 70, perSecond: 40 },
        ...{ bind: CLIENT[4], keep: 2 },
      },
    },
    failing: { EADDRINUSE: 40 },
    rule: 'bind-before-connect',
  },
  {
    name: 'sessions: a limit of TIME_WAIT entries that is too small, so that most closes leave none',
    sysctls: { 'net.ipv4.tcp_max_tw_buckets': 50 },
    prepare: (stack) => stack.serve('never-first.mjs', 5432),
    scripts: { 'sessions.py': { to: DATABASE, count: 100, perSecond: 40 } },
    failing: {},
    rule: 'time-wait-overflow',
  },
];
