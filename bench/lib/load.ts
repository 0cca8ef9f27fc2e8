/**
 * Connections in a namespace of their own: the generator's server and client on its loopback, bounded in time. Counts
 * come from the namespace's own counters, so reading them costs the load nothing.
 */
import { fileURLToPath } from 'node:url';
import { churnClient, churnServer, type Flags, type Generator } from '../../test/support/churngen.js';
import { Netns, type Sysctls } from '../../test/support/netns.js';
import { start } from '../../test/support/process.js';
import type { Scope } from '../../test/support/scope.js';
import { netCounter } from './proc.js';
import { until } from './wait.js';

const PORT = 9000;
const FILL_PORTS = fileURLToPath(new URL('./fill_ports.py', import.meta.url));
/** Nothing runs longer than this, whatever becomes of the bench. */
export const BOUND_SECONDS = 900;
const ROOMY: Sysctls = { 'net.ipv4.ip_local_port_range': '1024 65535', 'net.core.somaxconn': 4096 };

export interface LoadOptions {
  sysctls?: Sysctls;
  /** Of the server. */
  threads?: number;
}

/** A namespace with a server that listens on all of its addresses. */
export class Place {
  private constructor(
    readonly netns: Netns,
    private readonly server: Generator,
    private readonly scope: Scope,
  ) {}

  static async open(scope: Scope, { sysctls = {}, threads = 1 }: LoadOptions = {}): Promise<Place> {
    const netns = Netns.create(scope, { ...ROOMY, ...sysctls });
    const server = await churnServer(scope, netns, [`0.0.0.0:${PORT}`], { threads, seconds: BOUND_SECONDS });
    return new Place(netns, server, scope);
  }

  /** Connects to `spread` addresses in turn. */
  client(flags: Flags): Promise<Generator> {
    const to = `127.0.0.1:${PORT}`;
    return churnClient(this.scope, this.netns, { to, seconds: BOUND_SECONDS, ...flags });
  }

  /** "Tcp.PassiveOpens", "TcpExt.TCPTimeWaitOverflow" … */
  counter(name: string): number {
    return netCounter(this.server.pid, name);
  }

  /** Keeps a TIME_WAIT entry on each of these local ports, toward one destination. Returns when all have one. */
  async fill(first: number, last: number): Promise<void> {
    const words = ['python3', FILL_PORTS, String(first), String(last), '127.0.0.1', String(PORT)];
    const filler = await start(this.scope, words, { netns: this.netns });
    await filler.printed(/full/);
  }

  /** Opens connections one after the other to their end, and leaves their TIME_WAIT entries. */
  async leave(connections: number, spread: number): Promise<void> {
    const client = await this.client({ count: connections, spread });
    await client.done();
    await client.process.exited;
  }

  /** Waits until the table of TIME_WAIT entries is full: before that throughput is not stationary. */
  fullTimeWait(withinMs: number): Promise<void> {
    const before = this.counter('TcpExt.TCPTimeWaitOverflow');
    return until(
      () => this.counter('TcpExt.TCPTimeWaitOverflow') > before,
      'a full TIME_WAIT table',
      withinMs,
    );
  }
}
