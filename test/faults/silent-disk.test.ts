/**
 * A directory of Docker's on a file system that does not answer (a real one, whose server takes no question): only new containers of Docker have no
 * names. One thread waits there, the service says it once, names come when it answers, and it ends when it is asked to.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import type { Health } from '../../src/protocol/source.js';
import { binary, churnServer } from '../support/churngen.js';
import { group, hierarchy } from '../support/control-groups.js';
import { Netns } from '../support/netns.js';
import { patient } from '../support/patience.js';
import { type Running, run, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { portchurn, ROOT, type Service, serviceBy, serviceWords } from '../support/service.js';
import { answerTimes } from './answers.js';

const PEER = '127.0.0.1:9000';
const WHAT = 'New containers of Docker are shown by their ids, not by their names.';
const HANGS_WITHIN_MS = 60_000;
const [ANSWERS, ANSWERS_WITHIN_MS, ENDS_WITHIN_MS] = [30, patient(2000), patient(5000)];
const DOCKER = '/var/lib/docker';
/** Mounts of the service alone, with what a test has put in a directory. */
const OWN = 'mount -t tmpfs none /var/lib && cp -r "$0/." /var/lib && exec "$@"';
const PLACED = 'echo $$ > "$0/cgroup.procs"; exec "$@"';

const idOf = (n: number) => n.toString(16).padStart(64, 'a');
const nameOf = (n: number) => `cache-${n}`;

/** What Docker and Podman have written: one container of Docker, ten of Podman. */
function written(scope: Scope): string {
  const root = scope.directory();
  const [docker, podman] = [`docker/containers/${idOf(0)}`, 'containers/storage/vfs-containers'];
  for (const path of [docker, podman]) mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, docker, 'config.v2.json'), '{"Name": "/web"}');
  const list = Array.from({ length: 10 }, (_, n) => ({ id: idOf(n), names: [nameOf(n)] }));
  writeFileSync(join(root, podman, 'containers.json'), JSON.stringify(list));
  return root;
}

class Stage {
  private constructor(
    private readonly scope: Scope,
    private readonly netns: Netns,
    private readonly mount: string,
    readonly service: Service,
  ) {}

  static async start(scope: Scope): Promise<Stage> {
    const netns = Netns.create(scope);
    await churnServer(scope, netns, [PEER]);
    const unshare = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', OWN, written(scope)];
    const service = await serviceBy(scope, [...unshare, ...serviceWords('--interval', '250')]);
    return new Stage(scope, netns, hierarchy(scope), service);
  }

  /** Words that run where the service sees its files. */
  beside(...words: string[]): string[] {
    return ['nsenter', `--target=${this.service.pid}`, '--mount', '--', ...words];
  }

  async silence(): Promise<Running> {
    const script = join(ROOT, 'test/programs/silent_fuse.py');
    const server = await start(this.scope, this.beside('/usr/bin/python3', script, DOCKER));
    await server.printed(/mounted/);
    return server;
  }

  /** A program in this control group connects, and stays. */
  async connects(path: string): Promise<void> {
    const client = [binary(), 'client', '--to', PEER, '--count', '1', '--stay'];
    const words = ['sh', '-c', PLACED, group(this.scope, this.mount, path), ...client];
    await (await start(this.scope, words, { netns: this.netns })).printed(/^\{.*\}$/m);
  }

  async named(...names: string[]): Promise<void> {
    const flows = (await this.service.stream(this.scope)).subscribe('flows', {
      filter: `netns:${this.netns.inode} dir:out`,
    });
    const has = (rows: FlowRow[], name: string) => rows.some(({ process }) => process.container === name);
    await flows.until((rows) => names.every((name) => has(rows, name)), patient(60_000));
  }

  async problems(): Promise<string[]> {
    return (await this.service.get<Health>('/healthz')).problems.map(({ what }) => what);
  }

  async problemIs(isThere: boolean): Promise<void> {
    await expect
      .poll(() => this.problems(), { timeout: HANGS_WITHIN_MS })
      [isThere ? 'toContain' : 'toEqual'](isThere ? WHAT : []);
  }

  /** Threads of the service that wait for the file system. */
  waiting(): number {
    const tasks = `/proc/${this.service.pid}/task`;
    return readdirSync(tasks).filter((tid) => /fuse/.test(readFileSync(`${tasks}/${tid}/stack`, 'utf8')))
      .length;
  }
}

it('it costs the names of new containers there, one thread, and nothing else', async () => {
  const scope = testScope();
  const stage = await Stage.start(scope);
  const server = await stage.silence();
  for (let n = 0; n < 5; n++) await stage.connects(`docker/${idOf(n)}`);
  await stage.connects(`libpod_parent/libpod-${idOf(0)}`);
  await stage.named(nameOf(0), idOf(0).slice(0, 12));
  await stage.problemIs(true);
  for (let n = 1; n < 10; n++) await stage.connects(`libpod_parent/libpod-${idOf(n)}`);
  await stage.named(...Array.from({ length: 10 }, (_, n) => nameOf(n)));
  expect(stage.waiting()).toBe(1);
  const times = await answerTimes(stage.service, 100, (answers) => answers < ANSWERS);
  expect(Math.max(...times)).toBeLessThan(ANSWERS_WITHIN_MS);
  expect(stage.service.process.stderr.split(WHAT)).toHaveLength(2);

  server.closeInput();
  await server.exited;
  await stage.named('web');
  await stage.problemIs(false);
});

it('it keeps neither the doctor nor a service from its end', async () => {
  const stage = await Stage.start(testScope());
  await stage.silence();
  // Before the service reads there: of two that look up one name the second waits for the first, where no signal reaches it.
  const doctor = await run(stage.beside(...portchurn('doctor')));
  expect(doctor.stdout).toContain(WHAT);
  await stage.connects(`docker/${idOf(0)}`);
  await expect.poll(() => stage.waiting(), { timeout: HANGS_WITHIN_MS }).toBe(1);
  const began = performance.now();
  await stage.service.end();
  expect(performance.now() - began).toBeLessThan(ENDS_WITHIN_MS);
});
