/**
 * Names that want to be something else, at load 20: programs, their arguments and their containers are called like escape sequences, markup, labels and
 * lines, at both ends of connections, beside a twin with the same addresses. Every surface has them escaped, whole, and with the right process.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { group, hierarchy } from '../support/control-groups.js';
import { HOSTILE_NAMES, type Names, PLAIN_NAMES } from '../support/hostile.js';
import { Netns } from '../support/netns.js';
import { Observed, type Outputs, PORT } from '../support/outputs.js';
import { patient } from '../support/patience.js';
import { type Running, run, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { portchurn, ROOT, type Service, startService } from '../support/service.js';
import { busyLoops } from './busy.js';

const LOOPS = 20;
const PLACED = 'echo $$ > "$0/cgroup.procs"; exec "$@"';
const SETTLED_WITHIN_MS = patient(120_000);
/** Other than the end of a line: what a terminal or a parser would take for more than text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above; in JSON the rest is data
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const SAMPLE = /^portchurn_\w+(\{(\w+="(\\[\\"n]|[^"\\])*",?)*\})? [\d.eE+-]+$|^portchurn_\w+(\{.*\})? NaN$/;

interface Pair {
  readonly netns: Netns;
  readonly server: Running;
  readonly client: Running;
  readonly names: Names;
}

/** A server and its client, each in a container of its own, on the addresses that every pair has. */
async function pair(scope: Scope, mount: string, names: Names): Promise<Pair> {
  const netns = Netns.create(scope);
  const begin = async (role: 'server' | 'client') => {
    const script = join(scope.directory(), names.script);
    copyFileSync(join(ROOT, `test/programs/hostile_${role}.py`), script);
    const groupOf = group(scope, mount, `lxc.payload.${role}${names.container}`);
    const words = ['/usr/bin/python3', script, String(PORT), names.comm, names.argument];
    return start(scope, ['sh', '-c', PLACED, groupOf, ...words], { netns });
  };
  const server = await begin('server');
  await server.printed(/^ready$/m);
  return { netns, server, client: await begin('client'), names };
}

/** Each client's row has its own server, whatever both are called; such a name of a control group is no container's. */
async function isRight(
  service: Service,
  scope: Scope,
  { netns, server, client, names }: Pair,
): Promise<void> {
  const isOurs = ({ process, destination }: FlowRow) =>
    process.pid === client.pid && destination.port === PORT && destination.peer !== null;
  const row = await (await service.stream(scope))
    .subscribe('flows', { filter: `netns:${netns.inode} dir:out`, limit: 1000 })
    .until((rows) => rows.find(isOurs), SETTLED_WITHIN_MS);
  expect(row.destination.peer?.process).toMatchObject({ pid: server.pid, comm: names.comm });
  expect(row.process).toMatchObject({
    comm: names.comm,
    container: names === PLAIN_NAMES ? 'clienttwin' : null,
  });
}

function areEscaped(outputs: Outputs): void {
  for (const [name, text] of outputs) {
    const isJson =
      name.startsWith('/api') ||
      name.startsWith('stream') ||
      name === '/healthz' ||
      name === 'on-incident' ||
      name === 'log';
    expect(
      text.split('\n').filter((line) => (isJson ? CONTROL : RAW).test(line)),
      name,
    ).toEqual([]);
    if (isJson) for (const line of whole(text)) expect(() => JSON.parse(line), name).not.toThrow();
  }
  const samples = (outputs.get('/metrics') ?? '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(samples.filter((line) => !SAMPLE.test(line))).toEqual([]);
}

/** A stream is left in the middle of a line. */
const whole = (text: string) =>
  text.includes('\n') ? text.slice(0, text.lastIndexOf('\n')).split('\n').filter(Boolean) : [text];

/** A field in quotes has each of its own twice. */
const fieldsOf = (line: string) => [...line.replaceAll(/"(?:[^"]|"")*"/g, '').matchAll(/,/g)].length + 1;

function isTable(csv: string): void {
  const [head = 0, ...rows] = csv.trimEnd().split('\n').map(fieldsOf);
  expect(rows.length).toBeGreaterThan(1);
  expect(rows.filter((fields) => fields !== head)).toEqual([]);
}

/** It ends with all that it printed, also where its reader takes nothing for five seconds. */
async function topEnds({ url }: Service, { netns }: Pair): Promise<void> {
  const top = portchurn('top', '--once', '--connect', url, '--filter', `netns:${netns.inode}`, '-o', 'json');
  const slow = ['bash', '-o', 'pipefail', '-c', '"$@" | (sleep 5; cat)', 'bash', ...top];
  const csv = await run([...top.slice(0, -1), 'csv'], { withinMs: 120_000 });
  isTable(csv.stdout);
  for (const words of [top, slow]) {
    const { code, stdout, stderr } = await run(words, { withinMs: 120_000 });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^portchurn: attached to \S+\n$/)]);
    expect(() => JSON.parse(stdout)).not.toThrow();
    expect(stdout).not.toMatch(CONTROL);
  }
}

it('they are escaped on every surface but the page, whole, and of the right process', async () => {
  const scope = testScope();
  const mount = hierarchy(scope);
  await busyLoops(scope, LOOPS);
  const pairs = [await pair(scope, mount, HOSTILE_NAMES), await pair(scope, mount, PLAIN_NAMES)] as const;
  const observed = await Observed.start(scope, (...flags) => startService(scope, ...flags));
  areEscaped(await observed.outputs());
  for (const one of pairs) await topEnds(observed.service, one);
  for (const one of pairs) await isRight(observed.service, scope, one);
});
