/**
 * A control group with a memory limit, of either version: what runs in it is killed by the kernel when it wants more. Needs
 * root.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ending, Scope } from './scope.js';

/** The files of a version: the limit, the most that was ever used, and where the kernel counts whom it killed. */
const V1 = {
  limit: 'memory.limit_in_bytes',
  peak: 'memory.max_usage_in_bytes',
  events: 'memory.oom_control',
} as const;
const V2 = { limit: 'memory.max', peak: 'memory.peak', events: 'memory.events' } as const;

export class MemoryLimit implements Ending {
  private constructor(
    private readonly directory: string,
    private readonly files: typeof V1 | typeof V2,
  ) {}

  static create(scope: Scope, bytes: number): MemoryLimit {
    const { root, files } = hierarchy();
    const directory = join(root, `pctest-${process.pid}`);
    mkdirSync(directory);
    const limit = scope.use(new MemoryLimit(directory, files));
    writeFileSync(join(directory, files.limit), String(bytes));
    return limit;
  }

  /** The words that start a command in here, with the pid it would have anyway. */
  words(...command: string[]): string[] {
    return ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(this.directory, 'cgroup.procs'), ...command];
  }

  get peakBytes(): number {
    return Number(this.read(this.files.peak));
  }

  get killed(): number {
    return Number(/^oom_kill (\d+)$/m.exec(this.read(this.files.events))?.[1]);
  }

  end(): void {
    rmdirSync(this.directory);
  }

  private read(file: string): string {
    return readFileSync(join(this.directory, file), 'utf8');
  }
}

function hierarchy() {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const v1 = mounts.find(
    ([, , type, options]) => type === 'cgroup' && options?.split(',').includes('memory'),
  );
  if (v1) return { root: v1[1] as string, files: V1 };
  const v2 = mounts.find(([, path, type]) => type === 'cgroup2' && existsSync(`${path}/cgroup.controllers`));
  if (!v2) throw new Error('no control groups are mounted: mount -t cgroup2 none /sys/fs/cgroup');
  const root = v2[1] as string;
  writeFileSync(join(root, 'cgroup.subtree_control'), '+memory');
  return { root, files: V2 };
}
