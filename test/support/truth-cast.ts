/**
 * The cast of the ground-truth run: namespaces, servers of every policy, and clients that connect and close in every
 * way. Clients live on after their work, so that each keeps a row of its own.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { churnClient, churnServer, type Flags, Generator, readLog } from './churngen.js';
import { quiet } from './counters.js';
import { loseFins } from './firewall.js';
import { link, Netns } from './netns.js';
import { start } from './process.js';
import type { Scope } from './scope.js';
import { Truth } from './truth.js';

const AS_PID = fileURLToPath(new URL('as_pid.py', import.meta.url));
const SERVERS = ['9000=peer', '9001=first', '9002=reply', '9003=reset'];
/** Never closes: who closes toward it stays in FIN_WAIT2. */
const DEAF_PORT = '9004';
const DEAF = `${DEAF_PORT}=never`;
/** Processes that end with their connections open; each keeps a row of its own, so not many. */
const MORTALS = 6;

type Role = Flags & {
  /** Which part of the connections. */
  share: number;
};

/** @param at a destination's address, @param six the same machine by IPv6 */
const ROLES: Record<string, (at: string, six: string) => Role> = {
  many: (at) => ({ share: 12, to: `${at}:9000`, processes: 3, threads: 2 }),
  serverFirst: (at) => ({ share: 8, to: `${at}:9001`, close: 'server', processes: 2 }),
  served: (at) => ({ share: 4, to: `${at}:9002`, close: 'server', bytes: 100 }),
  six: (_, six) => ({ share: 6, to: [`${six}:9000`, `${six}:9001`] }),
  mapped: (at) => ({ share: 6, to: `${at}:9000`, mapped: true }),
  shutdown: (at) => ({ share: 4, to: `${at}:9000`, close: 'shutdown' }),
  shutdownClose: (at) => ({ share: 4, to: `${at}:9000`, close: 'shutdown-close' }),
  reset: (at) => ({ share: 4, to: `${at}:9000`, close: 'reset' }),
  isReset: (at) => ({ share: 3, to: `${at}:9003` }),
  linger2: (at) => ({ share: 3, to: `${at}:9000`, close: 'linger2', linger2: 5 }),
  waits: (at) => ({ share: 1, to: `${at}:9004`, close: 'linger2', linger2: 50 }),
  exits: (at) => ({ share: 3, to: `${at}:9000`, close: 'exit' }),
  killed: (at) => ({ share: 3, to: `${at}:9000`, close: 'kill' }),
  forks: (at) => ({ share: 2, to: `${at}:9000`, close: 'fork' }),
  passes: (at) => ({ share: 3, to: `${at}:9000`, close: 'pass' }),
  uring: (at) => ({ share: 6, to: `${at}:9000`, call: 'uring' }),
  nonblocking: (at) => ({ share: 6, to: `${at}:9000`, call: 'nonblock' }),
  holds: (at) => ({ share: 4, to: `${at}:9000`, 'hold-ms': 200 }),
};

/** Only where a port is not needed by all others: every bound port is lost to them. */
const BINDS: Role = { share: 2, to: '127.0.0.1:9000', bind: '127.0.0.1:0' };

/** One namespace whose connections are counted, with what its logs say. */
export interface Stage {
  name: string;
  netns: Netns;
  truth: Truth;
  /** Connections that its servers never close. */
  kept: number;
}

interface Actor {
  generator: Generator;
  log: string;
  stage: Stage;
  startTicks: number | null;
}

export class Cast {
  readonly stages: Stage[] = [];
  private readonly actors: Actor[] = [];
  /** Of these, who waits for his cue. */
  private waiting: Actor[] = [];
  private readonly servers: Actor[] = [];
  private readonly directory: string;
  private logs = 0;

  constructor(
    private readonly scope: Scope,
    /** Connections of one share. */
    private readonly unit: number,
  ) {
    this.directory = scope.directory();
  }

  stage(name: string, netns: Netns): Stage {
    const stage = { name, netns, truth: new Truth(), kept: 0 };
    this.stages.push(stage);
    return stage;
  }

  /** Every policy, on all IPv4 addresses and one IPv6 address. */
  async serve(stage: Stage, six: string, servers: readonly string[] = SERVERS): Promise<Generator> {
    const log = this.newLog();
    const listen = servers.flatMap((server) => [`0.0.0.0:${server}`, `${six}:${server}`]);
    const generator = await churnServer(this.scope, stage.netns, listen, { log, threads: 2 });
    this.servers.push({ generator, log, stage, startTicks: null });
    return generator;
  }

  /** All roles from this stage toward the servers of `host` at these addresses, each toward one of them. */
  async play(stage: Stage, host: Stage, addresses: readonly string[], six: string): Promise<void> {
    const deaf = await churnServer(this.scope, host.netns, [`0.0.0.0:${DEAF}`]);
    const roles = Object.values(ROLES).map((role, i) => role(addresses[i % addresses.length] as string, six));
    for (const role of roles) {
      if (String(role.to).endsWith(DEAF_PORT)) this.keep(host, deaf.pid, role);
      await this.enter(stage, role);
    }
  }

  bind(stage: Stage): Promise<void> {
    return this.enter(stage, BINDS);
  }

  /** Lets everybody begin, and waits until all connections are closed and logged. */
  async perform(): Promise<number> {
    const actors = this.waiting;
    this.waiting = [];
    for (const { generator } of actors) generator.go();
    let opened = 0;
    for (const { generator } of actors) opened += (await generator.done(300_000)).opened;
    return opened;
  }

  /** Both ends of some connections send their FIN before they see the other's. */
  async collide(stage: Stage): Promise<number> {
    const server = await this.serve(stage, '[::1]', ['9001=first']);
    const deliver = loseFins(stage.netns);
    await this.enter(stage, { share: 1, to: '127.0.0.1:9001' });
    const opened = await this.perform();
    await server.stop();
    deliver();
    return opened;
  }

  /** Processes one after another that all have the same pid. */
  async reincarnate(stage: Stage, lives: number): Promise<number> {
    let opened = 0;
    let pid: number | null = null;
    for (let life = 0; life < lives; life++) {
      const actor = await this.mortal(stage, pid);
      actor.generator.go();
      opened += (await actor.generator.done()).opened;
      await actor.generator.process.exited;
      pid = await pidOf(actor.generator);
    }
    return opened;
  }

  /** Ends the servers, so that their logs are whole, and reads all logs. */
  async finish(): Promise<void> {
    for (const { netns, kept } of this.stages) quiet(netns, kept);
    for (const { generator } of this.servers) if (generator.process.running) await generator.stop();
    for (const { stage, log, startTicks } of [...this.servers, ...this.actors])
      stage.truth.add(readLog(log), startTicks);
  }

  private async enter(stage: Stage, { share, ...flags }: Role): Promise<void> {
    const log = this.newLog();
    const count = this.countOf({ share, ...flags });
    const mortal = flags.close === 'exit' || flags.close === 'kill';
    const generator = await churnClient(this.scope, stage.netns, {
      ...{ ...flags, count, log, gate: true, stay: true },
      ...(mortal ? { 'per-child': Math.ceil(count / MORTALS) } : {}),
    });
    const actor = { generator, log, stage, startTicks: null };
    this.actors.push(actor);
    this.waiting.push(actor);
  }

  /** The server logs what it closes: of these it has nothing to log. */
  private keep(host: Stage, pid: number, role: Role): void {
    const count = this.countOf(role);
    host.kept += count;
    host.truth.accepted(pid, String(role.to), count);
  }

  /** Connections of each of its processes. */
  private countOf({ share, processes = 1 }: Role): number {
    return Math.max(4, Math.round((share * this.unit) / Number(processes)));
  }

  private async mortal(stage: Stage, pid: number | null): Promise<Actor> {
    const log = this.newLog();
    const flags = { to: '127.0.0.1:9000', count: Math.max(4, this.unit), log, gate: true } as const;
    const generator =
      pid === null
        ? await churnClient(this.scope, stage.netns, flags)
        : await this.clientAs(stage.netns, pid, flags);
    const actor = { generator, log, stage, startTicks: startTicksOf(await pidOf(generator)) };
    this.actors.push(actor);
    return actor;
  }

  private async clientAs(netns: Netns, pid: number, flags: Flags): Promise<Generator> {
    const words = Object.entries(flags).flatMap(([name, value]) =>
      value === true ? [`--${name}`] : [`--${name}`, String(value)],
    );
    const process = await start(this.scope, ['python3', AS_PID, String(pid), 'client', ...words], { netns });
    await process.printed(/^ready .*\n/m);
    return new Generator(process);
  }

  private newLog(): string {
    this.logs += 1;
    return join(this.directory, `log${this.logs}`);
  }
}

/** Its own word: the pid of who was started may be a wrapper's. */
async function pidOf({ process }: Generator): Promise<number> {
  return Number((await process.printed(/^ready (\d+)/m))[1]);
}

/** Field 22 of proc(5)'s stat; the name before it may hold anything. */
function startTicksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

/** Two namespaces joined by a wire; the far one has more addresses of its own. */
export function wire(scope: Scope, ...addresses: string[]): readonly [Netns, Netns] {
  const [near, far] = [Netns.create(scope), Netns.create(scope)];
  link(near, far, [
    ['10.77.0.1/24', '10.77.0.2/24'],
    ['fd77::1/64', 'fd77::2/64'],
  ]);
  far.address(...addresses.map((address) => `${address}/32`));
  for (const address of addresses) near.exec('ip', 'route', 'add', address, 'via', '10.77.0.2');
  return [near, far];
}
