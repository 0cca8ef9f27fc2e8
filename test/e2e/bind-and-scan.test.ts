/**
 * A bind() that does not get its port, by each reason, is an incident that says why and who has the port; the same bind() in another
 * namespace, where it gets it, is none. And a scan is one incident and one finding, however many ports refuse.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import type { FindingRow, IncidentRow, VerdictRow } from '../../src/protocol/rows.js';
import { program } from '../support/misconfigured.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { type Service, startService } from '../support/service.js';

const ADDRESS = '127.0.0.1';
const PORT = 8080;
const ABSENT = '10.9.9.9';
const BINDS = fileURLToPath(new URL('../programs/binds.py', import.meta.url));

const scope = fileScope();
const places = {
  used: Netns.create(scope),
  privileged: Netns.create(scope),
  absent: Netns.create(scope),
  scanned: Netns.create(scope),
  healthy: Netns.create(scope),
};
type Name = keyof typeof places;

let service: Service;
let opened: IncidentRow[];
let holder: number;

const nameOf = ({ netns }: { netns: number | null }) =>
  (Object.keys(places) as Name[]).find((name) => places[name].inode === netns);

const KINDS: Record<Exclude<Name, 'healthy'>, IncidentRow['kind']> = {
  used: 'bind',
  privileged: 'bind',
  absent: 'bind',
  scanned: 'scan',
};

/** As a user who may not have low ports. */
async function unprivileged(netns: Netns): Promise<void> {
  const words = ['/usr/bin/python3', '-c', readFileSync(BINDS, 'utf8'), ADDRESS, '80'];
  const running = await start(scope, words, { netns, user: 'nobody' });
  await running.printed(/ready/);
}

beforeAll(async () => {
  holder = (await program(scope, places.used, 'server.mjs', ADDRESS, PORT)).pid;
  service = await startService(scope);
  const incidents = (await service.stream(scope)).subscribe('incidents', {});
  await program(scope, places.used, 'one-client.py', ADDRESS, PORT);
  for (const name of ['used', 'healthy'] as const)
    await program(scope, places[name], 'binds.py', ADDRESS, PORT);
  await unprivileged(places.privileged);
  await program(scope, places.absent, 'binds.py', ABSENT, PORT);
  await program(scope, places.scanned, 'scans.py', ADDRESS, 0);
  const isThere = (rows: readonly IncidentRow[]) =>
    Object.keys(KINDS).every((name) =>
      rows.some(
        (row) =>
          nameOf(row) === name && row.kind === KINDS[name as keyof typeof KINDS] && row.findings.length > 0,
      ),
    );
  opened = await incidents.until((rows) => isThere(rows) && rows.filter((row) => nameOf(row)), 60_000);
});

it('each is one incident in its namespace, and where bind() gets its port there is none', async () => {
  const { rows } = await service.snapshot('incidents');
  const mine = rows.filter((row) => nameOf(row));
  expect(mine.map((row) => [nameOf(row), row.kind]).sort()).toEqual(Object.entries(KINDS).sort());
});

it.each<[Name, RegExp]>([
  [
    'used',
    /^bind\(\) of binds\.py \(pid \d+\) asks for 127\.0\.0\.1:8080, which server\.mjs \(pid (\d+)\) has: /,
  ],
  [
    'privileged',
    /^bind\(\) of python3.* may not have 127\.0\.0\.1:80, a port for privileged programs: .*\(EACCES\)/,
  ],
  ['absent', /^bind\(\) of binds\.py \(pid \d+\) asks for 10\.9\.9\.9:8080, an address that is not here: /],
  ['scanned', /^scans\.py \(pid \d+\) tries \d+ ports of 127\.0\.0\.1: /],
])('the title says what happened (%s)', (name, words) => {
  const row = opened.find((one) => nameOf(one) === name && one.kind === KINDS[name as keyof typeof KINDS]);
  expect(row?.title).toMatch(words);
  if (name === 'used') expect(Number(words.exec(row?.title ?? '')?.[1])).toBe(holder);
});

/** What somebody would paste who knows nothing else. */
function pasted(name: Name): string {
  const row = opened.find((one) => nameOf(one) === name && one.kind === KINDS[name as keyof typeof KINDS]);
  const [first] = row?.remedies.filter(({ role }) => role === 'do-now') ?? [];
  expect(first).toMatchObject({ command: expect.any(String), effect: 'Changes nothing.' });
  return execFileSync('sh', ['-c', first?.command as string], { encoding: 'utf8' });
}

it('what to do now, pasted as it is printed, shows why in the namespace of the incident', async () => {
  expect(pasted('used')).toMatch(new RegExp(`LISTEN .*${ADDRESS}:${PORT} .*pid=${holder},`));
  expect(pasted('privileged')).toBe('net.ipv4.ip_unprivileged_port_start = 1024\n');
  expect(pasted('absent')).toBe(places.absent.exec('ip', '-brief', 'address'));
  await program(scope, places.scanned, 'server.mjs', ADDRESS, PORT);
  expect(pasted('scanned')).toBe(places.scanned.exec('ss', '-Htlnp'));
});

it('a finding speaks for each, and a scan has no other', async () => {
  const findings = (await service.stream(scope)).subscribe('findings', {});
  const acted = (rows: readonly FindingRow[]) =>
    rows.filter((row) => nameOf(row) && row.resolved === null && row.severity !== 'info');
  const rows = await findings.until((all) => acted(all).length >= 4 && acted(all), 60_000);
  expect(rows.map((row) => [nameOf(row), row.rule, row.part]).sort()).toEqual([
    ['absent', 'address-not-available', false],
    ['privileged', 'bind-failure', false],
    ['scanned', 'port-scan', false],
    ['used', 'bind-failure', false],
  ]);
});

it('the verdict of one namespace is that sentence, and Prometheus has the incident', async () => {
  const one = await startService(scope, '--filter', `netns:${places.used.inode}`);
  const verdicts = (await one.stream(scope)).subscribe('verdict', {});
  const said = await verdicts.until(
    (rows) => rows.find(({ incident }) => incident !== null) as VerdictRow,
    60_000,
  );
  expect(said).toMatchObject({ level: 'warning', others: 0 });
  expect(said.text).toMatch(
    /^bind\(\) of binds\.py .* which server\.mjs \(pid \d+\) has: .*\(EADDRINUSE\)\.$/,
  );
  const metrics = await (await fetch(new URL('/metrics', one.url))).text();
  expect(metrics).toContain('portchurn_incidents{kind="bind",severity="warning",state="open"} 1');
});
