/**
 * Scripts of one interpreter (test/programs/connects.py under names of their own) that count what they do: the truth about whose a
 * connection was, which no counter of the kernel knows. In: a namespace, destinations. Out: tallies by destination.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Netns } from '../netns.js';
import { type Running, start } from '../process.js';
import type { Scope } from '../scope.js';

const PROGRAM = fileURLToPath(new URL('../../programs/connects.py', import.meta.url));

export interface ScriptOptions {
  /** "ADDRESS:PORT" as a program is given it, IPv6 in brackets. */
  to: readonly string[];
  /** Connections of a round, per destination. */
  count: number;
  /** Of all destinations together. */
  perSecond: number;
  /** So many of the first round stay open, per destination. */
  keep?: number;
  /** The server closes first. */
  toTheEnd?: true;
  /** Seconds, after which it closes an attempt. */
  giveUpAfter?: number;
  /** The address it binds to before each connect(). */
  bind?: string;
  /** Ends after its first round: its connections close, and its rows are those of a dead process. */
  mortal?: true;
}

/** What became of connections toward one destination. */
export interface Tally {
  opened: number;
  failed: Record<string, number>;
}

/** What a script has reported by some moment. */
export interface Report {
  name: string;
  pid: number;
  isAlive: boolean;
  /** Of all rounds, by "ADDRESS:PORT" as rows have it. */
  tallies: ReadonlyMap<string, Tally>;
}

export class Script {
  private readonly tallies = new Map<string, Tally>();
  private rounds = 0;

  private constructor(
    readonly name: string,
    private readonly process: Running,
    private readonly mortal: boolean,
  ) {}

  /** Resolves when it waits for its first round. */
  static async start(scope: Scope, netns: Netns, name: string, options: ScriptOptions): Promise<Script> {
    const file = join(scope.directory(), name);
    copyFileSync(PROGRAM, file);
    const words = ['/usr/bin/python3', file, ...flagsOf(options), ...options.to];
    const running = await start(scope, words, { netns });
    await running.printed(/^ready$/m);
    return new Script(name, running, options.mortal ?? false);
  }

  report(): Report {
    const { name, tallies, isAlive, process } = this;
    return { name, pid: process.pid, isAlive, tallies: structuredClone(tallies) };
  }

  get isAlive(): boolean {
    return this.process.running;
  }

  /** One round. */
  async play(): Promise<void> {
    this.rounds += 1;
    this.process.write('\n');
    const lines = () => this.process.stdout.split('\n').slice(0, -1);
    const line = () => lines().filter((text) => text.startsWith('{'))[this.rounds - 1];
    const text = await this.process.until(() => line() ?? null, `end round ${this.rounds}`);
    for (const [to, tally] of Object.entries(JSON.parse(text) as Record<string, Tally>)) this.add(to, tally);
    if (this.mortal) await this.end();
  }

  private async end(): Promise<void> {
    this.process.closeInput();
    await this.process.finished(15_000);
  }

  private add(to: string, { opened, failed }: Tally): void {
    const destination = to.replace(/[[\]]/g, '');
    const sum = this.tallies.get(destination) ?? { opened: 0, failed: {} };
    sum.opened += opened;
    for (const [errno, count] of Object.entries(failed)) sum.failed[errno] = (sum.failed[errno] ?? 0) + count;
    this.tallies.set(destination, sum);
  }
}

function flagsOf({ count, perSecond, keep, toTheEnd, giveUpAfter, bind }: ScriptOptions): string[] {
  const values = { count, 'per-second': perSecond, keep, 'give-up-after': giveUpAfter, bind };
  const flags = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  return toTheEnd ? [...flags, '--to-the-end'] : flags;
}
