/**
 * Two namespaces with the same addresses and ports, an incident in each, and a third one that is fine: `check` and `why` about
 * one of them speak of that one alone, and `why` fits a terminal.
 */
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns, TAKEN } from '../support/netns.js';
import { run } from '../support/process.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { cli, portchurn, type Service, startService } from '../support/service.js';

const PORTS = 50;
const SETTINGS = { ...KEPT, 'net.ipv4.ip_local_port_range': `40000 ${40_000 + PORTS - 1}` };
const TO = '127.0.0.1:9000';

const scope = fileScope();
let service: Service;
let calm: Netns;

interface Incident {
  netns: Netns;
  /** The culprit, which is its own victim. */
  pid: number;
}
const incidents: Incident[] = [];

async function incident(rate: number): Promise<Incident> {
  const netns = Netns.create(scope, SETTINGS);
  await churnServer(scope, netns, [TO]);
  const client = await churnClient(scope, netns, { to: TO, close: 'client', rate, seconds: 600 });
  return { netns, pid: client.pid };
}

beforeAll(async () => {
  service = await startService(scope);
  // Of its 50 ports three have just been taken: no stream, so no forecast.
  calm = Netns.create(scope, SETTINGS);
  await churnServer(scope, calm, [TO]);
  await (await churnClient(scope, calm, { to: TO, count: 3 })).done();
  incidents.push(await incident(20), await incident(40));
  const stream = await service.stream(scope);
  for (const { netns } of incidents) {
    const filter = `netns:${netns.inode}`;
    await stream.subscribe('failures', { filter }).until((rows) => rows.some((row) => (row.perSec ?? 0) > 5));
    await stream
      .subscribe('findings', { filter })
      .until((rows) => rows.some((row) => row.severity === 'critical'));
  }
});

const ask = (...words: string[]) => cli([...words, '--connect', service.url]);

describe.each([0, 1])('incident %i', (which) => {
  const it_ = () => incidents[which] as Incident;
  const other = () => incidents[1 - which] as Incident;

  it.each<[string, () => string[]]>([
    ['its name', () => ['--netns', it_().netns.name]],
    ['its inode', () => ['--netns', String(it_().netns.inode)]],
    ['a process in it', () => ['--netns', `pid:${it_().pid}`]],
    ['a filter', () => ['--filter', `pid:${it_().pid}`]],
  ])('is told alone by %s', async (_, words) => {
    const { code, stdout } = await ask('check', ...words());
    expect({ code, stdout }).toEqual({
      code: 2,
      stdout: expect.stringMatching(
        /^PORTCHURN CRITICAL - Out of ports to 127\.0\.0\.1:9000( \(.+?\))?\. .*\n$/,
      ),
    });
    expect(stdout).toContain(`In ${it_().netns.name}, held by churngen ${it_().pid} (${PORTS})`);
    const why = await ask('why', '--all', ...words());
    for (const text of [stdout, why.stdout]) {
      expect(text).not.toMatch(new RegExp(`${other().netns.name}|\\b${other().pid}\\b|${calm.name}`));
    }
    expect(why.stdout).toContain(`churngen (pid ${it_().pid})`);
  });
});

it('a namespace beside them is fine', async () => {
  const { code, stdout } = await ask('check', '--netns', calm.name);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^PORTCHURN OK - Ports are fine\. /),
  });
  expect(stdout).not.toContain(`${incidents[0]?.pid}`);
});

it('the whole machine is out of ports, whoever else is out, too', async () => {
  const { code, stdout } = await ask('check');
  expect([code, stdout]).toEqual([2, expect.stringMatching(/^PORTCHURN CRITICAL - Out of ports to /)]);
});

it('of both together one is named, and the other as out, too', async () => {
  const { code, stdout } = await ask('check', '--filter', `netns:${calm.name.replace(/\d+$/, '*')}`);
  expect(code).toBe(2);
  const [main, also] = stdout.split('Also out: ');
  const named = incidents.map(({ netns }) => [main?.includes(netns.name), also?.includes(netns.name)]);
  expect(named).toContainEqual([true, false]);
  expect(named).toContainEqual([false, true]);
});

/** Churn in a namespace, as the service has it once it has all of it. */
async function churned(its: Scope, netns: Netns, count: number): Promise<FlowRow> {
  await churnServer(its, netns, [TO]);
  await (await churnClient(its, netns, { to: TO, close: 'client', count })).done();
  const stream = await service.stream(its);
  const filter = `netns:${netns.name} dir:out`;
  const flows = stream.subscribe('flows', { filter });
  return flows.until((rows) => rows.find(({ closed }) => closed === count));
}

it('a namespace that has the inode and the name of a deleted one is not taken for it', TAKEN, async () => {
  const its = testScope();
  const first = Netns.create(its, KEPT);
  const dead = await churned(its, first, 30);
  const watched = (await service.stream(its)).subscribe('flows', { filter: `netns:${first.inode} dir:out` });
  await watched.until((rows) => rows.some(({ key }) => key === dead.key));
  first.end();
  const living = await churned(its, Netns.again(its, first, KEPT), 7);
  expect(living).toMatchObject({ netns: dead.netns, opened: 7 });
  expect(living.netnsId).not.toBe(dead.netnsId);
  const { name, inode } = first;
  for (const filter of [`netns:${name}`, `netns:${inode}`, `netnsId:${living.netnsId}`]) {
    const rows = await service.flows({ filter: `${filter} dir:out` });
    expect(rows.map(({ key, opened }) => [key, opened])).toEqual([[living.key, 7]]);
    const groups = await service.flows({ filter, group: 'netns' });
    expect(groups).toMatchObject([{ key: `netns:${living.netnsId}`, opened: 14, netns: inode }]);
  }
  const gone = await service.flows({ filter: `netnsId:${dead.netnsId} dir:out` });
  expect(gone).toMatchObject([{ key: dead.key, netns: inode, opened: 30 }]);
  const totals = (await service.snapshot('totals')).rows.filter((row) => row.netns === inode);
  expect(totals).toMatchObject([{ key: living.netnsId, netnsId: living.netnsId, name, opened: 14 }]);
  await watched.until((rows) => rows.map(({ key }) => key).join() === living.key);
  const { code, stdout } = await ask('why', '--netns', name, '-o', 'json');
  expect([code, stdout]).toEqual([0, expect.not.stringContaining(`"${dead.netnsId}"`)]);
});

it('why fits a terminal of 24 lines and 80 columns', async () => {
  const command = portchurn('why', '--connect', service.url).map((word) => `'${word}'`);
  const done = await run(['script', '-qec', `stty rows 24 cols 80; exec ${command.join(' ')}`, '/dev/null']);
  expect(done.code).toBe(0);
  const shown = stripVTControlCharacters(done.stdout).trimEnd().split(/\r?\n/);
  const text = shown.filter((line) => !line.startsWith('portchurn: attached to'));
  const rows = text.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 80)), 0);
  expect(rows).toBeLessThan(24);
  const words = text.join(' ').replaceAll(/ +/g, ' ');
  expect(words).toMatch(/ 1\. CRITICAL .* Fix for good: .* Do now: .* \$ .*sysctl -w net\.ipv4\./);
  expect(text.at(-1)).toMatch(/all evidence: the same with --all$/);
});
