/**
 * Names that want to be something else, at load 20: programs, their arguments and their containers are called like escape sequences, markup, labels and
 * lines, at both ends of connections, beside a twin with the same addresses. Every surface has them escaped.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { group, hierarchy } from '../support/control-groups.js';
import { Netns } from '../support/netns.js';
import { Observed, type Outputs, PORT } from '../support/outputs.js';
import { type Running, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { ROOT, startService } from '../support/service.js';
import { busyLoops } from './busy.js';

const LOOPS = 20;
const HOSTILE = `\u001b]0;x\u0007\u001b[2J\u202e\u2066\r"'\`$(id)\\"} 1,=<img src=x onerror="document.title=1"></script>&#0;`;
const COMM = '\u001b[7m\r\n"<b>{}';
const PLACED = 'echo $$ > "$0/cgroup.procs"; exec "$@"';
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

interface Names {
  readonly script: string;
  readonly comm: string;
  readonly container: string;
  readonly argument: string;
}

const HOSTILE_NAMES: Names = {
  script: `\n${HOSTILE.replaceAll('/', '|')}`,
  comm: COMM,
  container: HOSTILE.replaceAll('/', '|'),
  argument: HOSTILE,
};
const TWIN: Names = { script: 'twin.py', comm: 'twin', container: 'twin', argument: 'plain' };

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

it('they are escaped on every surface but the page', async () => {
  const scope = testScope();
  const mount = hierarchy(scope);
  await busyLoops(scope, LOOPS);
  for (const names of [HOSTILE_NAMES, TWIN]) await pair(scope, mount, names);
  const observed = await Observed.start(scope, (...flags) => startService(scope, ...flags));
  areEscaped(await observed.outputs());
});
