/**
 * Network namespaces of our own. A name holds the pid of its creator and the namespace of pids that this is a number of, so that whatever a
 * killed test run left behind is recognised and removed by the next one, and nothing of a run in a container beside it. Everything that runs in such a namespace was started by a test: it is ended
 * with it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { patient } from './patience.js';
import type { Ending, Scope } from './scope.js';

const DIRECTORY = '/run/netns';
/** Ends as the inode of our namespace of pids does. Short: names are read in columns. */
const PREFIX = `pct${(Number(readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')) % 36 ** 3).toString(36)}`;
/** A deleted namespace is taken apart a moment later: on a busy machine, seconds. */
const MOST_TRIES = 100;
const PAUSE_MS = 50;
const napping = new Int32Array(new SharedArrayBuffer(4));
const alive = new Set<Netns>();
let count = 0;

export type Sysctls = Record<string, string | number>;

/** TIME_WAIT entries live their 60 s: no connect() uses one again, and no late reset of a peer that has gone removes one. */
export const KEPT: Sysctls = { 'net.ipv4.tcp_tw_reuse': 0, 'net.ipv4.tcp_rfc1337': 1 };

/** The number of a namespace that has ended may go to a namespace of another program: then such a test runs again, with another number. */
export const TAKEN = { retry: 2 };

export class Netns implements Ending {
  readonly path: string;
  /** As contract rows give it: the inode number of the namespace. */
  readonly inode: number;

  private constructor(readonly name: string) {
    this.path = `${DIRECTORY}/${name}`;
    this.inode = statSync(this.path).ino;
  }

  /** A new namespace with lo up. */
  static create(scope: Scope, sysctls: Sysctls = {}): Netns {
    if (count === 0) prepare();
    const name = `${PREFIX}-${process.pid}-${++count}`;
    execFileSync('ip', ['netns', 'add', name]);
    const netns = scope.use(new Netns(name));
    alive.add(netns);
    netns.exec('ip', 'link', 'set', 'lo', 'up');
    netns.sysctl(sysctls);
    return netns;
  }

  /** A new namespace with the inode and the name of one that has ended: the kernel gives the lowest free number. */
  static again(scope: Scope, before: Netns, sysctls: Sysctls = {}): Netns {
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const found = Netns.create(scope, sysctls);
      // The others stay until the test is over: they keep the numbers that are not wanted.
      if (found.inode === before.inode) return found.renamed(scope, before.name);
      Atomics.wait(napping, 0, 0, PAUSE_MS);
    }
    throw new Error(`the inode ${before.inode} did not come again in ${MOST_TRIES} namespaces`);
  }

  private renamed(scope: Scope, name: string): Netns {
    this.exec('sh', '-c', `ip netns attach ${name} $$`);
    const netns = scope.use(new Netns(name));
    alive.add(netns);
    this.end();
    return netns;
  }

  /** The words that run a command in here. nsenter replaces itself: the pid stays the command's. */
  words(...command: string[]): string[] {
    return ['nsenter', `--net=${this.path}`, '--', ...command];
  }

  /** Runs a short command to its end and gives its stdout. Throws on failure. */
  exec(...command: string[]): string {
    const [file, ...args] = this.words(...command) as [string, ...string[]];
    return execFileSync(file, args, { encoding: 'utf8', timeout: patient(30_000), maxBuffer: 1 << 28 });
  }

  /** Names as sysctl(8) wants them: "net.ipv4.tcp_tw_reuse". */
  sysctl(values: Sysctls): void {
    const words = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    if (words.length > 0) this.exec('sysctl', '-qw', ...words);
  }

  /** Addresses with prefix length, on lo. */
  address(...addresses: string[]): void {
    for (const address of addresses)
      this.exec('ip', 'address', 'add', address, 'dev', 'lo', ...noDad(address));
  }

  end(): void {
    if (!alive.delete(this)) return;
    remove(this.name);
  }
}

/** Joins two namespaces with a veth pair that carries the given addresses ("10.77.0.1/24", "fd77::1/64"). */
export function link(a: Netns, b: Netns, pairs: readonly (readonly [string, string])[]): void {
  const [left, right] = [`pc${process.pid}a${++count}`, `pc${process.pid}b${count}`];
  a.exec('ip', 'link', 'add', left, 'type', 'veth', 'peer', 'name', right, 'netns', b.name);
  for (const [forA, forB] of pairs) {
    a.exec('ip', 'address', 'add', forA, 'dev', left, ...noDad(forA));
    b.exec('ip', 'address', 'add', forB, 'dev', right, ...noDad(forB));
  }
  a.exec('ip', 'link', 'set', left, 'up');
  b.exec('ip', 'link', 'set', right, 'up');
}

/** An IPv6 address is usable at once only without duplicate address detection. */
const noDad = (address: string) => (address.includes(':') ? ['nodad'] : []);

function prepare(): void {
  if (process.getuid?.() !== 0) throw new Error('this test makes network namespaces: run it as root');
  process.on('exit', () => {
    for (const netns of alive) netns.end();
  });
  sweep();
}

/** Removes the namespaces of test runs that are gone. */
function sweep(): void {
  const names = existsSync(DIRECTORY) ? readdirSync(DIRECTORY) : [];
  for (const name of names.filter(isLeftOver)) removeLeftOver(name);
}

/** Another run may remove it at the same moment. */
function removeLeftOver(name: string): void {
  try {
    remove(name);
  } catch (error) {
    if (existsSync(`${DIRECTORY}/${name}`)) throw error;
  }
}

/** Its creator is gone. In another namespace of pids the number is another process, or none: that is not for us to say. */
export function isLeftOver(name: string): boolean {
  const [prefix, pid] = name.split('-');
  return prefix === PREFIX && !isRunning(Number(pid));
}

/** By a signal and not by /proc, which may be that of another namespace of pids. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function remove(name: string): void {
  for (const pid of execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).split('\n'))
    if (pid !== '') killQuietly(Number(pid));
  execFileSync('ip', ['netns', 'delete', name]);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
