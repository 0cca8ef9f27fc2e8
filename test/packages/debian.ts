/**
 * A Debian or Ubuntu that has nothing but what every one has: no Node, no compiler, no libbpf. This machine's kernel is seen from inside. What
 * is written there is in memory, in a mount namespace of its own, and gone with the process that keeps it.
 */
import { join } from 'node:path';
import { mirror, whole } from '../../scripts/lib/apt.js';
import { WORK } from '../../scripts/package/places.js';
import { must, type Running, start } from '../support/process.js';
import type { Scope } from '../support/scope.js';
import { newer } from './newer.js';

const WITHIN_MS = 400_000;
/** Releases of Ubuntu: 22.04, 24.04 and 26.04. Their glibc is 2.35, 2.39 and 2.43. */
export const UBUNTU: readonly string[] = ['jammy', 'noble', 'resolute'];
const UBUNTU_MIRROR = 'http://archive.ubuntu.com/ubuntu';
const UBUNTU_KEYS = 'usr/share/keyrings/ubuntu-archive-keyring.gpg';

/** What mmdebstrap is told: the release, where it comes from, whose signature it has; apt, with which every Ubuntu comes, is a part of Debian's minimum alone. */
async function origin(release: string, root: string): Promise<string[]> {
  if (!UBUNTU.includes(release)) return [release, root, mirror()];
  const keys = join(await newer('ubuntu-keyring'), UBUNTU_KEYS);
  return [`--keyring=${keys}`, '--include=apt', release, root, UBUNTU_MIRROR];
}

/** Made once, with these packages and what they need. @returns its folder */
export const system = (release: string, packages: string[] = []): Promise<string> =>
  whole(join(WORK, ['system', release, ...packages].join('-')), async (partial) => {
    const include = packages.length > 0 ? [`--include=${packages.join(',')}`] : [];
    const options = ['--quiet', '--variant=minbase', ...include, '--aptopt=Acquire::Retries "3"'];
    await must(['mmdebstrap', ...options, ...(await origin(release, partial))], {
      withinMs: WITHIN_MS,
      group: true,
    });
  });

/** `$0`: the system, `$1`: an empty folder. */
const LAYER = `
set -e
mount -t tmpfs layer "$1"
cd "$1"
mkdir files work root
mount -t overlay -o lowerdir="$0",upperdir=files,workdir=work root root
for seen in proc sys dev; do mount --rbind /$seen root/$seen; done
echo ready
exec sleep infinity
`;

export class Debian {
  private constructor(
    private readonly keeper: Running,
    private readonly root: string,
  ) {}

  /** `release`: its name, such as "bookworm". */
  static async create(scope: Scope, release: string): Promise<Debian> {
    const base = await system(release);
    const directory = scope.directory();
    const keeper = await start(scope, ['unshare', '--mount', 'sh', '-c', LAYER, base, directory]);
    await keeper.printed(/ready/);
    return new Debian(keeper, join(directory, 'root'));
  }

  /** Words that run a command inside, with the environment of a new login. */
  words(...command: string[]): string[] {
    const enter = ['nsenter', `--mount=/proc/${this.keeper.pid}/ns/mnt`, '--', 'chroot', this.root];
    return [...enter, '/usr/bin/env', '-i', 'PATH=/usr/bin:/bin:/usr/sbin:/sbin', ...command];
  }

  /** Runs a script inside, which must end well; what it prints. */
  async sh(script: string): Promise<string> {
    return (await must(this.words('sh', '-ec', script))).stdout;
  }

  /** Copies a file of this machine to a path inside. */
  async copy(from: string, to: string): Promise<void> {
    await must(['cp', from, `/proc/${this.keeper.pid}/root${join(this.root, to)}`]);
  }
}
