/**
 * One pod asks another of the same node, each in a network of its own, as a kubelet would start them: whoever looks at the service sees the names of
 * both, on each surface and by each key; no name that passes becomes a label of metrics.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { openPage, shownRow } from '../support/browser.js';
import { Netns } from '../support/netns.js';
import { must } from '../support/process.js';
import { fileScope, testScope } from '../support/scope.js';
import { portchurn, type Service } from '../support/service.js';
import { Containerd, IMAGE } from './containerd.js';
import { beside } from './secrets.js';

const [SUBNET, SERVER, PORT] = ['10.244.1.0/24', '10.244.1.2', 5432];
const [DB, WEB] = ['prod/db-0', 'prod/web-5d4f8c7b9-x2x4z'];
const TO = `dir:out dst:${SERVER}:${PORT}`;
const ASKS = `sleep 1000 | nc ${SERVER} ${PORT} & while true; do nc ${SERVER} ${PORT} < /dev/null; nc ${SERVER} 9 < /dev/null; sleep 0.2; done`;

const scope = fileScope();
const directory = scope.directory();
let service: Service;
let row: FlowRow;

beforeAll(async () => {
  const netns = Netns.create(scope);
  const containerd = await Containerd.start(scope, netns, directory, SUBNET);
  service = await beside(scope, { names: { at: '/run/containerd', directory: containerd.state } });
  const db = await containerd.pod(DB, 'own');
  await containerd.run(db, 'postgres', `nc -ll -p ${PORT} -e sh`, []);
  const web = await containerd.pod(WEB, 'own');
  await containerd.run(web, 'app', ASKS, []);
  const flows = (await service.stream(scope)).subscribe('flows', { filter: TO });
  const isOpen = ({ established, destination }: FlowRow) => established === 1 && destination.peer !== null;
  row = await flows.until((rows) => rows.find(isOpen), 60_000);
});

describe('a pod that asks another', () => {
  it('is a row with both, and with what their port is registered for', () => {
    const at = { image: IMAGE, unit: null };
    const server = { ...at, container: 'postgres', pod: DB, workload: 'prod/db' };
    expect(row).toMatchObject({
      process: { ...at, container: 'app', pod: WEB, workload: 'prod/web' },
      destination: { address: SERVER, port: PORT, service: 'postgresql', peer: { process: server } },
    });
  });

  it.each(['container:app', 'image:shop/tools', 'pod:prod/web-', 'workload:prod/web', 'peer:prod/db-0'])(
    'is found by %s, and not by another name',
    async (key) => {
      const found = await service.flows({ filter: `${TO} ${key}` });
      expect(found.map((row) => row.key)).toContain(row.key);
      expect(await service.flows({ filter: `${TO} ${key}x` })).toEqual([]);
    },
  );

  it.each([
    ['container', 'app'],
    ['pod', WEB],
    ['workload', 'prod/web'],
  ] as const)('is a part of the sum by %s', async (group, name) => {
    const sums = await service.flows({ group, filter: TO });
    expect(sums.map(({ key }) => key)).toEqual([`${group}:${name}`]);
    const destination = { address: SERVER, port: PORT };
    expect(sums[0]).toMatchObject({ process: { [group]: name }, destination });
  });

  it('is a series by its workload, and by nothing that passes', async () => {
    const metrics = await (await fetch(new URL('/metrics', service.url))).text();
    const ofWeb = metrics.split('\n').filter((line) => line.includes('workload="prod/web"'));
    const families = new Set(ofWeb.map((line) => line.replace(/\{.*/, '')));
    expect([...families].sort()).toEqual([
      'portchurn_connect_failures_total',
      'portchurn_connections_opened_total',
      'portchurn_program_ports_used',
    ]);
    expect(ofWeb.join('\n')).toContain(`destination="${SERVER}",port="${PORT}"`);
    const { cgroup } = row.process;
    const passing = [
      WEB,
      'x2x4z',
      cgroup?.split('/').at(-1)?.slice(0, 12),
      /pod[0-9a-f-]{36}/.exec(cgroup ?? '')?.[0],
    ];
    for (const text of passing) expect(metrics).not.toContain(text);
  });

  it('is printed with both names', async () => {
    const top = async (...words: string[]) =>
      (await must(portchurn('top', '--once', '--connect', service.url, '--filter', TO, ...words))).stdout;
    expect(await top()).toMatch(/nc .*10\.244\.1\.2:5432 +postgresql → \S+ in pod prod\/db-0/);
    expect(await top('--group', 'container')).toMatch(/^ *CONTAINER .*\n(.*\n)* *app /m);
    expect(await top('--group', 'pod')).toMatch(/^ *POD .*\n(.*\n)* *prod\/web-5d4f8c7b9-x2x4z /m);
    expect(await top('--group', 'workload')).toMatch(/^ *WORKLOAD .*\n(.*\n)* *~prod\/web /m);
  });

  it('is on the page with both names', async () => {
    const url = new URL(service.url);
    url.searchParams.set('filter', `${TO} established:>0`);
    const { page, problems } = await openPage(testScope(), url.href);
    const isOurs = ({ Process = '', Destination = '' }) => Process.includes(WEB) && Destination.includes('→');
    const shown = await shownRow(page, /TCP flows/, isOurs);
    expect(shown.Destination).toMatch(/10\.244\.1\.2:5432.*postgresql → \S+ in pod prod\/db-0/);
    expect(problems).toEqual([]);
  });
});
