/** The states in which somebody finds a machine, each as a whole scene: what the live screen shows of them is asserted at three sizes. */
import type { PortState } from '../../../../src/protocol/ports/cells.js';
import type { IncidentRow } from '../../../../src/protocol/rows.js';
import * as published from '../../publish/rows.js';
import { budget, connectionEvent, failure, flow, processInfo, totals } from '../rows.js';
import { calm, DATABASE, flows, full, IMPORTER, incident, ORDERS, trouble } from './rows.js';
import { NOW, type Parts, portsOf, type Rows } from './scenes.js';

const OWNERS = [
  { process: IMPORTER, program: null },
  { process: ORDERS, program: null },
];

type Cell = readonly [owner: number, state: PortState, seconds: number];
const NOBODY = 255;

/** As the kernel chooses ports: here and there, the older ones nearer to their end. */
const scattered = (ports: number, held: number): Cell[] =>
  Array.from({ length: ports }, (_, at): Cell => {
    const turn = (at * 7919) % ports;
    if (turn >= held) return [NOBODY, 'free', 0];
    return turn % 16 === 0 ? [1, 'established', 0] : [0, 'time-wait', turn % 60];
  });

const mapOf = (ports: number, held: number) => {
  const cells = scattered(ports, held);
  cells.splice(
    -40,
    40,
    ...Array<Cell>(20).fill([NOBODY, 'blocked', 0]),
    ...Array<Cell>(20).fill([NOBODY, 'reserved', 0]),
  );
  return portsOf(32_768, OWNERS, cells);
};

const failing = Array.from({ length: 24 }, (_, at) =>
  connectionEvent({
    process: IMPORTER,
    type: 'failed',
    time: NOW - 24 + at,
    local: { address: '10.0.0.1', port: null },
    remote: DATABASE,
    errno: 'EADDRNOTAVAIL',
    cause: 'ports-exhausted',
  }),
);
const traceOf = (row = flows[0]) => ({ key: row?.key ?? '', detail: null, events: failing, dropped: 1204 });

const filling = {
  ...full,
  used: 1400,
  free: 600,
  openPerSec: 40,
  exhaustionSeconds: 130,
};
const warning: IncidentRow = {
  ...incident,
  severity: 'warning',
  failed: 0,
  failPerSec: 0,
  exhaustionSeconds: 130,
  victims: [],
};

const kinds = ['no-answer', 'refused', 'unreachable', 'bind'] as const;
const others = kinds.map((kind, at) => {
  const process = processInfo({ pid: 4000 + at, comm: `worker-${at}`, name: `worker-${at}` });
  const destination = { address: `10.77.0.${20 + at}`, port: 8000 + at };
  return {
    flow: flow(process, { destination, portsHeld: 40 - at, timeWait: 40 - at, failPerSec: 4 - at }),
    failure: failure({ key: `failure-${at}`, process, destination, perSec: 4 - at }),
    budget: budget({
      key: `budget-${at}`,
      destination,
      limit: 28_232,
      used: 40 - at,
      free: 28_192 + at,
      releasing: [],
      exhaustionSeconds: null,
    }),
    incident: {
      ...incident,
      key: `${kind}:1`,
      kind,
      severity: 'warning' as const,
      destination,
      budget: `budget-${at}`,
      failed: 400 - at,
      failPerSec: 4 - at,
      demandPerSec: null,
      sustainablePerSec: null,
      culprits: [],
      victims: [{ process, program: null, failed: 400 - at, perSec: 4 - at }],
    },
  };
});
const many: Rows = {
  ...trouble,
  flows: [...flows, ...others.map((one) => one.flow)],
  budgets: [full, ...others.map((one) => one.budget)],
  failures: [...(trouble.failures ?? []), ...others.map((one) => one.failure)],
  incidents: [incident, ...others.map((one) => one.incident)],
};

const recovered: Rows = {
  ...calm,
  incidents: [{ ...incident, state: 'over', until: NOW - 60_000, failPerSec: 0 }],
  verdict: [
    published.verdict({
      level: 'recovered',
      text: 'Ports to 10.77.0.9:5432 were out until 23:03:41; 52,223 calls failed.',
    }),
  ],
};

export const STATES: Readonly<Record<string, Parts>> = {
  calm: { rows: calm, ports: portsOf(32_768, [{ process: IMPORTER, program: null }], scattered(28_232, 12)) },
  warning: {
    rows: {
      ...trouble,
      budgets: [filling],
      incidents: [warning],
      failures: [],
      totals: [totals({ failPerSec: 0 })],
    },
    ports: mapOf(2000, 1400),
    aside: { ...traceOf(), events: [connectionEvent({ process: IMPORTER, time: NOW })], dropped: 0 },
  },
  exhausted: { rows: trouble, ports: mapOf(2000, 2000), aside: traceOf() },
  over: { rows: recovered },
  'many incidents': { rows: many, ports: mapOf(28_232, 20_000), aside: traceOf() },
  'no service': {
    rows: trouble,
    ports: mapOf(2000, 2000),
    aside: traceOf(),
    link: { phase: 'lost', since: NOW - 12_000, retryAt: NOW, reason: 'unreachable' },
  },
};

export const SIZES = [
  [80, 24],
  [120, 40],
  [200, 60],
] as const;
