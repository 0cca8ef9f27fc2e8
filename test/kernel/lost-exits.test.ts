/** Processes whose exit no event told, since the ring was full: their rows end all the same, also when another one has their pid. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { churnServer } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const CHURNGEN = fileURLToPath(new URL('../../out/tools/churngen', import.meta.url));
const AS_PID = fileURLToPath(new URL('../support/as_pid.py', import.meta.url));
const SCRIPT = join(import.meta.dirname, 'lost_exits.py');
const COUNT = 20;

/** Ends them, and waits until their parent knows. Nothing is drained meanwhile. */
function kill(pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGTERM');
  while (pids.some((pid) => existsSync(`/proc/${pid}`))) execFileSync('true');
}

it('end in the tables within seconds', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const watch = await Watch.start(scope, [netns], { ringBytes: 1 << 16 });
  const server = await churnServer(scope, netns, ['127.0.0.1:9000', '127.0.0.1:9001']);
  const program = await start(scope, ['python3', SCRIPT, '127.0.0.1', '9000', String(COUNT)], { netns });
  const [, line = ''] = await program.printed(/^pids (.*)\n/m); // the whole line: it may come in pieces
  const pids = line.split(' ').map(Number);
  const rows = () => watch.flows().filter(({ process: { pid } }) => pids.includes(pid ?? 0));
  const seen = () => new Set(rows().map((row) => row.process.pid));
  await watch.until(() => seen().size === COUNT, 'a row of each');
  expect(rows().some((row) => row.process.exited)).toBe(false);

  netns.exec(CHURNGEN, 'client', '--to', '127.0.0.1:9001', '--count', '2000');
  kill(pids);
  const again = pids[0] as number;
  netns.exec('sh', '-c', `exec python3 ${AS_PID} ${again} server --listen 127.0.0.1:9002 >/dev/null 2>&1 &`);
  while (!existsSync(`/proc/${again}`)) execFileSync('true');

  await watch.until(() => rows().every((row) => row.process.exited), 'an exit of each', 40_000);
  expect(seen()).toEqual(new Set(pids));
  expect(existsSync(`/proc/${again}`)).toBe(true);
  expect(watch.flows().find(({ process: { pid } }) => pid === server.pid)?.process.exited).toBe(false);
});
