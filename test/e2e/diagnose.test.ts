/**
 * Real programs, misconfigured on purpose: the first finding names the process or program, the destination and the rule, and
 * its first fix changes the application; configured well they make nobody act. Ranges are small, so that little load does.
 */
import { execSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FindingRow } from '../../src/protocol/rows.js';
import { misconfigured } from '../support/misconfigured.js';
import { Netns } from '../support/netns.js';
import { must, start } from '../support/process.js';
import { nginx, pgbenchWords, postgres, redis } from '../support/programs.js';
import { type Scope, testScope } from '../support/scope.js';
import { type Service, startService } from '../support/service.js';

const ADDRESS = '127.0.0.1';
/** 8,000 ports, none of which is taken over. */
const SETTINGS = { 'net.ipv4.tcp_tw_reuse': 0, 'net.ipv4.ip_local_port_range': '30000 37999' };

interface World {
  scope: Scope;
  netns: Netns;
  service: Service;
}

async function world(sysctls: Record<string, string | number> = SETTINGS): Promise<World> {
  const scope = testScope();
  const netns = Netns.create(scope, sysctls);
  return { scope, netns, service: await startService(scope) };
}

/** The first finding of the namespace that is `wanted`, once it is the first of all there. */
async function topFinding(
  { scope, netns, service }: World,
  wanted: (row: FindingRow) => boolean,
): Promise<FindingRow> {
  const findings = (await service.stream(scope)).subscribe('findings', { filter: `netns:${netns.inode}` });
  return findings.until((rows) => {
    const [top] = rows.filter(({ resolved }) => resolved === null).sort((a, b) => a.rank - b.rank);
    return top !== undefined && wanted(top) && top;
  }, 90_000);
}

const isRule = (rule: string, severity?: string) => (row: FindingRow) =>
  row.rule === rule && (severity === undefined || row.severity === severity);

it('node with a new agent per request, and the same program with one agent', async () => {
  const here = await world();
  await misconfigured(here.scope, here.netns, 'server.mjs', ADDRESS, 8080);
  const bad = await misconfigured(here.scope, here.netns, 'agent-per-request.mjs', ADDRESS, 8080);
  const finding = await topFinding(here, isRule('connection-churn', 'warning'));
  expect(finding).toMatchObject({
    process: { pid: bad.pid, comm: 'node' },
    destination: { address: ADDRESS, port: 8080 },
    confidence: 'high',
  });
  expect(finding.fixForGood[0]?.snippet).toContain('new http.Agent({ keepAlive: true');
  await bad.stop();
  const good = await misconfigured(here.scope, here.netns, 'one-agent.mjs', ADDRESS, 8080);
  const findings = (await here.service.stream(here.scope)).subscribe('findings', {
    filter: `netns:${here.netns.inode}`,
  });
  const row = await findings.until(
    (rows) => rows.find((one) => one.key === finding.key && one.resolved !== null),
    60_000,
  );
  expect(row.since).toBe(finding.since);
  const rows = [...findings.rows.values()];
  expect(rows.filter(({ process, severity }) => process.pid === good.pid && severity !== 'info')).toEqual([]);
});

it('a pool, and clients per request beside it', async () => {
  const here = await world();
  await misconfigured(here.scope, here.netns, 'server.mjs', ADDRESS, 8080);
  const bad = await misconfigured(here.scope, here.netns, 'pool-and-client.mjs', ADDRESS, 8080);
  const finding = await topFinding(here, isRule('pool-bypassed', 'warning'));
  expect(finding).toMatchObject({ process: { pid: bad.pid }, destination: { address: ADDRESS, port: 8080 } });
  expect(finding.fixForGood[0]?.text).toMatch(/^Find the code that does not use the pool/);
});

it('pgbench -C', async () => {
  const here = await world();
  const server = await postgres(here.scope, here.netns);
  const bad = await start(
    here.scope,
    pgbenchWords(server, '-C', '-S', '-n', '-c', '2', '-T', '60', '-R', '40'),
    {
      netns: here.netns,
    },
  );
  const finding = await topFinding(here, isRule('connection-churn', 'warning'));
  expect(finding).toMatchObject({
    process: { pid: bad.pid, comm: 'pgbench' },
    destination: { address: ADDRESS, port: 5432 },
  });
  expect(finding.fixForGood[0]?.text).toContain('-C');
  await bad.stop('SIGINT');
});

it('redis-benchmark -k 0', async () => {
  const here = await world();
  await redis(here.scope, here.netns);
  const words = ['redis-benchmark', '-k', '0', '-c', '2', '-n', '6000', '-t', 'ping_mbulk', '-q'];
  await start(here.scope, words, { netns: here.netns });
  const finding = await topFinding(here, (row) => isRule('connection-churn')(row) && row.severity !== 'info');
  expect(finding).toMatchObject({
    process: { comm: 'redis-benchmark' },
    destination: { address: ADDRESS, port: 6379 },
  });
  expect(finding.fixForGood[0]?.text).toContain('-k 0');
});

it('a shell loop of curl is blamed on the program and its parent', async () => {
  const here = await world();
  await misconfigured(here.scope, here.netns, 'server.mjs', ADDRESS, 8080);
  const script = join(here.scope.directory(), 'storm.sh');
  writeFileSync(script, `#!/bin/sh\nwhile :; do curl -s -o /dev/null http://${ADDRESS}:8080/; done\n`);
  chmodSync(script, 0o755);
  const loop = await start(here.scope, [script], { netns: here.netns });
  const finding = await topFinding(here, isRule('connection-churn', 'warning'));
  expect(finding.program).toMatch(/^curl .*storm\.sh/);
  expect(finding.process).toMatchObject({ pid: null, comm: 'curl', parent: { pid: loop.pid } });
  expect(finding.fixForGood[0]?.text).toMatch(/^One process per request/);
  await loop.stop();
});

it('a client that binds before it connects', async () => {
  const here = await world({ ...SETTINGS, 'net.ipv4.ip_local_port_range': '30000 30999' });
  await misconfigured(here.scope, here.netns, 'server.mjs', ADDRESS, 8080);
  const bad = await misconfigured(here.scope, here.netns, 'bind-first.py', ADDRESS, 8080);
  const finding = await topFinding(
    here,
    (row) => row.rule === 'bind-before-connect' && row.severity !== 'info',
  );
  expect(finding).toMatchObject({ process: { pid: bad.pid }, destination: { address: ADDRESS, port: 8080 } });
  expect(finding.fixForGood[0]?.snippet).toContain('IP_BIND_ADDRESS_NO_PORT');
});

it('a service that leaks CLOSE_WAIT', async () => {
  const here = await world();
  const bad = await misconfigured(here.scope, here.netns, 'never-closes.py', ADDRESS, 8080);
  const clients = `import socket\nfor i in range(40): socket.create_connection(('${ADDRESS}', 8080)).close()`;
  here.netns.exec('/usr/bin/python3', '-c', clients);
  const finding = await topFinding(here, isRule('close-wait-leak', 'warning'));
  expect(finding).toMatchObject({ process: { pid: bad.pid }, destination: { address: ADDRESS, port: 8080 } });
  expect(finding.evidence).toContainEqual({ text: 'connections in CLOSE_WAIT', value: 40 });
});

it('a narrowed range, where the default would do', async () => {
  const here = await world({ ...SETTINGS, 'net.ipv4.ip_local_port_range': '30000 30098' });
  await nginx(here.scope, here.netns, { workers: 1 });
  const script = `import socket, time\nkept = [socket.create_connection(('${ADDRESS}', 8080)) for i in range(95)]\nprint('ready', flush=True)\ntime.sleep(600)`;
  const holder = await start(here.scope, ['/usr/bin/python3', '-c', script], { netns: here.netns });
  await holder.printed(/ready/);
  const finding = await topFinding(here, isRule('narrow-port-range', 'critical'));
  expect(finding).toMatchObject({
    process: { pid: holder.pid },
    destination: { address: ADDRESS, port: 8080 },
  });
  expect(finding.title).toContain('Only 99 local ports are allowed here');
  expect(finding.doNow[0]?.undo).toContain('"30000 30098"');
  execSync(finding.doNow[0]?.command as string, { stdio: 'ignore' });
  const findings = (await here.service.stream(here.scope)).subscribe('findings', {
    filter: `netns:${here.netns.inode}`,
  });
  await findings.until((rows) => rows.every(({ resolved }) => resolved !== null), 60_000);
});

it('a limit of TIME_WAIT entries that is too small', async () => {
  const here = await world({ ...SETTINGS, 'net.ipv4.tcp_max_tw_buckets': 100 });
  await misconfigured(here.scope, here.netns, 'server.mjs', ADDRESS, 8080);
  const bad = await misconfigured(here.scope, here.netns, 'agent-per-request.mjs', ADDRESS, 8080);
  const finding = await topFinding(here, isRule('time-wait-overflow', 'warning'));
  expect(finding).toMatchObject({ process: { pid: bad.pid }, destination: { address: ADDRESS, port: 8080 } });
  expect(finding.fixForGood[0]?.language).toBe('javascript');
  expect(finding.doNow[0]?.undo).toContain('tcp_max_tw_buckets="100"');
});

it('connections per request that the server closes are info: no port is held', async () => {
  const here = await world();
  await nginx(here.scope, here.netns, { workers: 1 });
  const bad = await misconfigured(here.scope, here.netns, 'agent-per-request.mjs', ADDRESS, 8080);
  const finding = await topFinding(here, isRule('connection-churn', 'info'));
  expect(finding).toMatchObject({ process: { pid: bad.pid }, destination: { address: ADDRESS, port: 8080 } });
  expect(finding.title).toContain('no local port is held');
  const verdict = await here.service.snapshot('verdict');
  expect(verdict.rows[0]?.finding).toBeNull();
});

it('a pooled database client and keep-alive HTTP make nobody act', async () => {
  const here = await world();
  const server = await postgres(here.scope, here.netns);
  await misconfigured(here.scope, here.netns, 'server.mjs', ADDRESS, 8080);
  await misconfigured(here.scope, here.netns, 'one-agent.mjs', ADDRESS, 8080);
  const findings = (await here.service.stream(here.scope)).subscribe('findings', {
    filter: `netns:${here.netns.inode} !severity:info`,
  });
  const pooled = pgbenchWords(server, '-S', '-n', '-c', '5', '-T', '25', '-R', '100');
  await must(pooled, { netns: here.netns });
  const frames = await findings.until((rows) => rows.length === 0 && findings.frames, 10_000);
  expect(frames).toBeGreaterThan(2);
});
