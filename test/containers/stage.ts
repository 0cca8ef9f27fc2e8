/**
 * Where a runtime of the tests runs: in the test's network namespace, with processes, mounts, a /run and control groups of its own, and cgroup2 at
 * the usual place. All of it ends with its first process, and that with the test, also when the test is killed; the control groups that a
 * killed one left are removed by the next.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { children } from '../support/leftovers.js';
import { isLeftOver, type Netns } from '../support/netns.js';
import { type Finished, must, type Running, start } from '../support/process.js';
import type { Ending, Scope } from '../support/scope.js';

/** A runtime may not have processes in a group that has groups. */
const FIRST = '/sys/fs/cgroup/init';
const SET_UP = `mount -t cgroup2 none /sys/fs/cgroup && mount -t tmpfs none /run && mkdir ${FIRST} &&
  echo 1 > ${FIRST}/cgroup.procs && echo ready && exec cat`;
const OWN = [
  '--mount',
  '--propagation=private',
  '--cgroup',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
];
/** Joins a control group, then becomes something else. */
const JOIN = 'echo $$ > "$0" && exec "$@"';

export class Stage implements Ending {
  private constructor(
    private readonly group: string,
    private readonly keeper: Running,
    /** Its first process, as the machine numbers it. */
    private readonly first: number,
  ) {}

  static async start(scope: Scope, netns: Netns): Promise<Stage> {
    const groups = execFileSync('findmnt', ['-t', 'cgroup2', '-no', 'TARGET', '--first-only'], {
      encoding: 'utf8',
    });
    const mount = groups.trim();
    for (const name of readdirSync(mount)) if (isLeftOver(name)) remove(join(mount, name));
    const group = join(mount, netns.name);
    mkdirSync(group);
    scope.use({ end: () => remove(group) });
    const words = ['unshare', ...OWN, 'sh', '-c', SET_UP];
    const keeper = await start(scope, ['sh', '-c', JOIN, join(group, 'cgroup.procs'), ...words], { netns });
    await keeper.printed(/ready/);
    const [first = 0] = children(keeper.pid);
    return scope.use(new Stage(group, keeper, first));
  }

  /** A command's words that run it here. It ends with what was started, not by its signals. */
  words(...command: string[]): string[] {
    const enter = ['nsenter', `--target=${this.first}`, '--mount', '--net', '--cgroup', '--pid'];
    const bound = [...enter, 'setpriv', '--pdeathsig=KILL', '--', ...command];
    return ['sh', '-c', JOIN, join(this.group, 'init/cgroup.procs'), ...bound];
  }

  run(...command: string[]): Promise<Finished> {
    return must(this.words(...command));
  }

  async end(): Promise<void> {
    this.keeper.closeInput();
    await this.keeper.finished(30_000);
  }
}

/** Its files are the kernel's: only directories can be removed, and the innermost first. */
function remove(group: string): void {
  execFileSync('find', [group, '-depth', '-type', 'd', '-delete']);
}
