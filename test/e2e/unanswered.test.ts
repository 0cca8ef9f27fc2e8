/**
 * A place that does not answer, by programs that give up sooner than the kernel, is an incident; the same address in another namespace,
 * where it answers, is none, nor are the losers of happy eyeballs, cancelled requests and a rare health check. And connections that
 * come to be with a second SYN.
 */
import { beforeAll, expect, it } from 'vitest';
import type { FailureRow, FindingRow, IncidentRow, Victim } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { rule } from '../support/firewall.js';
import { program } from '../support/misconfigured.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { type Service, startService } from '../support/service.js';

const ADDRESS = '10.77.0.9';
const DEAD = 'fd77::9';
const PORT = 5432;
const TO = `${ADDRESS}:${PORT}`;
const URL = `http://db.test:${PORT}/`;
/** Of what is no incident, so many attempts are waited for: more than any rule wants. */
const ENOUGH = 120;

/** Attempts that nobody owns, since the kernel hides what runs on top of its init (docs/decisions/hidden-tasks.md). */
const MOST_HIDDEN = 3;
const isOwned = ({ program }: Victim) => program !== null;

const scope = fileScope();

/** A namespace in which the address does not answer, or does. */
function place(answers: 'never' | 'always' | 'by IPv4'): Netns {
  const netns = Netns.create(scope);
  netns.address(`${ADDRESS}/32`, `${DEAD}/128`);
  if (answers === 'never') rule(netns, '-d', ADDRESS, '-p', 'tcp', '-j', 'DROP');
  if (answers !== 'always') rule(netns, '-d', DEAD, '-p', 'tcp', '-j', 'DROP');
  return netns;
}

const silent = { python: place('never'), brief: place('never'), curl: place('never') };
const calm = {
  answering: place('always'),
  node: place('by IPv4'),
  raced: place('by IPv4'),
  cancelled: place('never'),
  check: place('always'),
};
const lossy = place('always');

const among = (places: Record<string, Netns>) => {
  const inodes = Object.values(places).map(({ inode }) => inode);
  return ({ netns }: { netns: number | null }) => netns !== null && inodes.includes(netns);
};

let service: Service;

const shell = (netns: Netns, code: string) => start(scope, ['/bin/sh', '-c', code], { netns });

/** Each waits a second. */
const IMPATIENT_CURL = `curl -s --connect-timeout 1 http://${TO}/`;
const CURL = `${IMPATIENT_CURL} & ${IMPATIENT_CURL} & ${IMPATIENT_CURL} & ${IMPATIENT_CURL} & wait`;
const RACING_CURL = `curl -s -o /dev/null -m 3 --resolve db.test:${PORT}:[${DEAD}],${ADDRESS} ${URL}`;

async function play(): Promise<void> {
  await program(scope, silent.python, 'impatient.py', ADDRESS, PORT, 1, 16);
  await program(scope, silent.brief, 'impatient.py', ADDRESS, PORT, 0.5, 4);
  await shell(silent.curl, `while :; do ${CURL}; done`);
  await program(scope, calm.answering, 'impatient.py', ADDRESS, PORT, 1, 1);
  await program(scope, calm.node, 'happy-eyeballs.mjs', `${DEAD},${ADDRESS}`, PORT);
  for (let loops = 0; loops < 5; loops++) await shell(calm.raced, `while :; do ${RACING_CURL}; done`);
  await program(scope, calm.cancelled, 'cancels.mjs', ADDRESS, PORT);
  await shell(calm.check, 'while :; do curl -s http://127.0.0.1:9/; sleep 10; done');
}

beforeAll(async () => {
  await program(scope, calm.answering, 'server.mjs', ADDRESS, PORT);
  await program(scope, calm.node, 'server.mjs', ADDRESS, PORT);
  await program(scope, calm.raced, 'server.mjs', ADDRESS, PORT);
  await churnServer(scope, lossy, [TO]);
  service = await startService(scope);
  await play();
});

const subscribe = async <T extends 'incidents' | 'findings' | 'failures'>(topic: T) =>
  (await service.stream(scope)).subscribe(topic, {});

it('a place that answers nobody is one incident for each namespace, with how long they waited', async () => {
  const wanted: [Netns, RegExp][] = [
    [
      silent.python,
      / does not answer: [\d.]+ attempts\/s, given up after 1(\.\d)? s, by impatient\.py \(pid \d+\)\.$/,
    ],
    [
      silent.brief,
      / does not answer: [\d.]+ attempts\/s, given up after 0\.\d s, by impatient\.py \(pid \d+\)\.$/,
    ],
    [silent.curl, / does not answer: [\d.]+ attempts\/s, given up after 1(\.\d)? s, by curl \(sh.*\)\.$/],
  ];
  const incidents = await subscribe('incidents');
  const isThere = (rows: IncidentRow[]) =>
    wanted.every(([{ inode }, title]) => rows.some((row) => row.netns === inode && title.test(row.title)));
  const here = among(silent);
  const rows = await incidents.until((all) => isThere(all) && all.filter(here), 60_000);
  expect(rows.map(({ netns }) => netns).sort()).toEqual(
    Object.values(silent)
      .map(({ inode }) => inode)
      .sort(),
  );
  for (const row of rows) {
    expect(row.victims.filter(isOwned)).toHaveLength(1);
    expect(row.victims[0]?.failed).toBeGreaterThan(0);
    for (const victim of row.victims.slice(1)) expect(victim.failed).toBeLessThanOrEqual(MOST_HIDDEN);
    expect(row).toMatchObject({
      kind: 'no-answer',
      severity: 'warning',
      state: 'open',
      destination: { address: ADDRESS, port: PORT },
    });
  }
});

it('each has the finding that speaks for it', async () => {
  const findings = await subscribe('findings');
  const spoken = (rows: FindingRow[]) =>
    rows.filter((row) => among(silent)(row) && row.incident !== null && !row.part && row.resolved === null);
  const rows = await findings.until((all) => spoken(all).length === 3 && spoken(all), 60_000);
  expect(rows.map((row) => row.rule)).toEqual(['no-answer', 'no-answer', 'no-answer']);
});

it('the attempts that are counted as unanswered are those that waited', async () => {
  const failures = await subscribe('failures');
  const row = await failures.until((rows) => rows.find(({ netns }) => netns === silent.python.inode));
  expect(row).toMatchObject({ cause: 'aborted', errno: null, unanswered: row.count });
  expect(row.waitedMs).toBeGreaterThanOrEqual(1000);
});

it('one slow SYN in eight is found, and those connections come to be', async () => {
  const words = ['-m', 'statistic', '--mode', 'nth', '--every', '8', '--packet', '0', '-j', 'DROP'];
  rule(lossy, '-p', 'tcp', '--syn', '--dport', String(PORT), ...words);
  const findings = await subscribe('findings');
  await churnClient(scope, lossy, { to: TO, close: 'client', rate: 20, threads: 20, seconds: 600 });
  const isIt = ({ rule, netns }: FindingRow) => rule === 'syn-loss' && netns === lossy.inode;
  const row = await findings.until((rows) => rows.find(isIt), 60_000);
  expect(row.severity).toBe('warning');
  expect(row.title).toMatch(
    /^1?\d(\.\d)? % of the connects to 10\.77\.0\.9:5432( \(.+\))? take a second or longer/,
  );
  const [flow] = await service.flows({ filter: `netns:${lossy.inode} dir:out` });
  const slow = (flow?.slowConnects ?? 0) / (flow?.opened ?? 1);
  expect(slow).toBeGreaterThan(0.07);
  expect(slow).toBeLessThan(0.2);
});

it('losers of a race, cancelled requests, a rare check and a healthy stack raise no alarm', async () => {
  const failures = await subscribe('failures');
  const count = (rows: FailureRow[], { inode }: Netns) =>
    rows.reduce((sum, { netns, count }) => sum + (netns === inode ? count : 0), 0);
  const racing = [calm.node, calm.raced, calm.cancelled];
  const waited = ({ inode }: Netns, { netns, waitedMs }: FailureRow) =>
    netns === inode && (waitedMs ?? 0) > 150;
  const isEnough = (rows: FailureRow[]) =>
    racing.every((netns) => count(rows, netns) >= ENOUGH) &&
    [calm.node, calm.raced].every((netns) => rows.some((row) => waited(netns, row)));
  await failures.until(isEnough, 90_000);
  const { rows: incidents } = await service.snapshot('incidents');
  expect(incidents.filter(among({ ...calm, lossy })).map(({ title }) => title)).toEqual([]);
  const { rows: findings } = await service.snapshot('findings');
  const rules = new Set(['no-answer', 'syn-loss', 'retry-storm', 'bind-failure', 'port-scan']);
  const told = (findings as FindingRow[]).filter((row) => rules.has(row.rule) && among(calm)(row));
  expect(told.filter(({ severity }) => severity !== 'info').map(({ title }) => title)).toEqual([]);
});
