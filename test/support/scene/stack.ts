/**
 * Two namespaces, clients in the one, servers in the other. All stacks have the same addresses, so that nothing but the namespace
 * tells them apart. In: programs to start. Out: what is true of both namespaces.
 */
import { fileURLToPath } from 'node:url';
import { rule } from '../firewall.js';
import { program } from '../misconfigured.js';
import { KEPT, link, Netns, type Sysctls } from '../netns.js';
import { start } from '../process.js';
import { nginx } from '../programs.js';
import type { Scope } from '../scope.js';
import { kernelOf } from './kernel.js';
import { type Report, Script, type ScriptOptions } from './script.js';
import type { Truth } from './shown.js';

/** Addresses in each stack. */
export const SERVER = { 4: '10.77.0.9', 6: 'fd77::9' } as const;
export const CLIENT = { 4: '10.77.0.1', 6: 'fd77::1' } as const;
const LINKS = [
  [`${CLIENT[4]}/24`, `${SERVER[4]}/24`],
  [`${CLIENT[6]}/64`, `${SERVER[6]}/64`],
] as const;
const HOLD_PORTS = fileURLToPath(new URL('../hold_ports.py', import.meta.url));

/** "ADDRESS:PORT" of the server over IPv4 and IPv6, as a program is given it. */
export const both = (port: number) => [`${SERVER[4]}:${port}`, `[${SERVER[6]}]:${port}`] as const;

export class Stack {
  /** Where clients are, and where servers are. */
  readonly near: Netns;
  readonly far: Netns;
  readonly scripts: Script[] = [];
  private readonly bound = new Set<number>();
  private bindsFirst = false;

  constructor(
    private readonly scope: Scope,
    readonly name: string,
    sysctls: Sysctls,
  ) {
    this.near = Netns.create(scope, { ...KEPT, ...sysctls });
    this.far = Netns.create(scope, KEPT);
    link(this.near, this.far, LINKS);
  }

  /** A program of test/programs that serves both families. */
  async serve(name: string, port: number): Promise<void> {
    await program(this.scope, this.far, name, '::', port);
  }

  /** Closes after each response. */
  async nginx(port: number): Promise<void> {
    await nginx(this.scope, this.far, { address: SERVER[4], port, workers: 1 });
  }

  /** A program of test/programs that connects as long as it lives, and keeps no tally. */
  async client(name: string, family: 4 | 6, port: number): Promise<void> {
    await program(this.scope, this.near, name, SERVER[family], port);
  }

  /** Starts scripts, by their names; they wait for their first round. */
  async cast(scripts: Record<string, ScriptOptions>): Promise<void> {
    for (const [name, options] of Object.entries(scripts))
      this.scripts.push(await Script.start(this.scope, this.near, name, options));
    this.bindsFirst = Object.values(scripts).some(({ bind }) => bind !== undefined);
  }

  /** Nothing answers at this port, over IPv4. */
  silence(port: number): void {
    rule(this.far, '-p', 'tcp', '--dport', String(port), '-j', 'DROP');
  }

  /** Somebody has bound these ports, and no connect() may use them. */
  async hold(...ports: number[]): Promise<void> {
    const words = ['/usr/bin/python3', HOLD_PORTS, ...ports.map(String)];
    await (await start(this.scope, words, { netns: this.near })).printed(/ready/);
    for (const port of ports) this.bound.add(port);
  }

  reports(): Report[] {
    return this.scripts.map((script) => script.report());
  }

  /** Of each of its two namespaces. */
  truths(): [Netns, Truth][] {
    const { near, far, bound, bindsFirst } = this;
    const scripts = this.reports();
    const nobody = { bound: new Set<number>(), bindsFirst: false };
    return [
      [near, { kernel: kernelOf(near), scripts, visitors: [], bound, bindsFirst }],
      [far, { kernel: kernelOf(far), scripts: [], visitors: scripts, ...nobody }],
    ];
  }
}
