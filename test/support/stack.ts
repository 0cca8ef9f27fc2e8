/** A client, a router that translates addresses, and a server, each in a network namespace: the same addresses in each stack. */
import type { FlowRow } from '../../src/protocol/rows.js';
import { link, Netns } from './netns.js';
import type { Scope } from './scope.js';

/** An address that no server has. */
export const VIRTUAL = '10.96.0.10';
export const [CLIENT, SERVER, OTHER] = ['10.89.1.2', '10.89.2.2', '10.89.3.2'];

export class Stack {
  readonly client: Netns;
  readonly server: Netns;
  readonly router: Netns;

  constructor(scope: Scope) {
    this.client = Netns.create(scope);
    this.server = Netns.create(scope);
    this.router = Netns.create(scope);
    this.join(this.client, CLIENT);
    this.join(this.server, SERVER);
    this.router.sysctl({ 'net.ipv4.ip_forward': 1 });
  }

  join(netns: Netns, address: string): void {
    const gateway = address.replace(/\d+$/, '1');
    link(this.router, netns, [[`${gateway}/24`, `${address}/24`]]);
    netns.exec('ip', 'route', 'add', 'default', 'via', gateway);
  }

  /** A port of the virtual address leads to one of a server. */
  lead(port: number, to: string, ...match: string[]): this {
    const rule = ['-A', 'PREROUTING', '-p', 'tcp', '-d', VIRTUAL, '--dport', String(port), ...match];
    this.nat(...rule, '-j', 'DNAT', '--to-destination', to);
    return this;
  }

  /** A port leads to two servers in turn. */
  balance(port: number, first: string, second: string): void {
    this.lead(port, first, '-m', 'statistic', '--mode', 'nth', '--every', '2', '--packet', '0');
    this.lead(port, second);
  }

  /** The router's address instead of the client's. */
  masquerade(): void {
    this.nat('-A', 'POSTROUTING', '-j', 'MASQUERADE');
  }

  private nat(...words: string[]): void {
    this.router.exec('iptables', '-w', '-t', 'nat', ...words);
  }

  rowsOf(rows: readonly FlowRow[], port: number): FlowRow[] {
    return rows.filter(({ netns, destination }) => netns === this.client.inode && destination.port === port);
  }
}

/** Whom rows show at their other end. */
export const peersOf = (rows: readonly FlowRow[]) =>
  rows.map(({ destination }) => destination.peer?.process.pid ?? null).filter((pid) => pid !== null);
