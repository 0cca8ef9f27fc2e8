/**
 * The engine in the test's own process, watching namespaces of our own: every event and every row it makes of them.
 * Waiting is driven by the engine's batches.
 */
import { pino } from 'pino';
import { beforeAll } from 'vitest';
import type { KernelFilter } from '../../src/capture/native.js';
import { type Engine, startEngine } from '../../src/engine/engine.js';
import type { ConnectionEvent, EventType, FlowRow, TotalsRow } from '../../src/protocol/rows.js';
import type { EventInterest } from '../../src/protocol/source.js';
import type { Places } from '../../src/system/containers/stores.js';
import { Netns, type Sysctls } from './netns.js';
import { patient } from './patience.js';
import type { Ending, Scope } from './scope.js';
import { tally } from './tally.js';

/** Tables also change without an event: the fold map is read, /proc answers, processes exit. */
const LOOK_AGAIN_MS = 50;

export interface WatchOptions {
  ringBytes?: number;
  syscalls?: boolean;
  portableVerdict?: boolean;
  filter?: Partial<KernelFilter>;
  interest?: EventInterest;
  containerPlaces?: Places;
  containerSockets?: readonly string[];
}

export class Watch implements Ending {
  readonly events: ConnectionEvent[] = [];
  dropped = 0;
  private readonly rows = new Map<string, FlowRow>();
  private readonly spaces = new Map<number, TotalsRow>();
  private readonly waiting = new Set<() => void>();
  private broken: Error | undefined;

  private constructor(
    readonly engine: Engine,
    private readonly inodes: ReadonlySet<number>,
  ) {}

  /** Attached and listening when this resolves. Only these namespaces are seen. */
  static async start(scope: Scope, netns: readonly Netns[], options: WatchOptions = {}): Promise<Watch> {
    const inodes = netns.map(({ inode }) => inode);
    const filter = { tgids: [], ports: [], netns: inodes, ...options.filter };
    const {
      ringBytes = 1 << 22,
      syscalls = true,
      portableVerdict = false,
      containerPlaces,
      containerSockets,
    } = options;
    const log = pino({ level: 'silent' });
    const engine = await startEngine({
      ringBytes,
      syscalls,
      portableVerdict,
      filter,
      redact: false,
      containerPlaces,
      containerSockets,
      log,
    });
    const watch = scope.use(new Watch(engine, new Set(inodes)));
    engine.onFatal((error) => {
      watch.broken = error;
    });
    watch.listen(options.interest ?? { all: true, pids: [] });
    return watch;
  }

  listen(interest: EventInterest): void {
    this.engine.source.events.listen(interest, (events, dropped) => {
      this.events.push(...events);
      this.dropped += dropped;
      for (const wake of this.waiting) wake();
    });
  }

  /** Waits until `find` gives something; `what` says what is waited for. */
  async until<T>(find: () => T | undefined | false | null, what: string, withinMs = 15_000): Promise<T> {
    const deadline = performance.now() + patient(withinMs);
    for (;;) {
      if (this.broken) throw this.broken;
      const found = find();
      if (found !== undefined && found !== null && found !== false) return found;
      if (performance.now() > deadline)
        throw new Error(`not within ${withinMs} ms: ${what}\n${this.story()}`);
      await this.change();
    }
  }

  /** The namespaces' rows as a client has them: changes applied one after the other. */
  flows(): FlowRow[] {
    const { flows } = this.engine.source.tables;
    const { set, del } = flows?.collect(Date.now()) ?? { set: [], del: [] };
    for (const key of del) this.rows.delete(key);
    for (const row of set) if (this.inodes.has(row.netns ?? 0)) this.rows.set(row.key, row);
    return [...this.rows.values()];
  }

  totals(netns: Netns): TotalsRow | undefined {
    for (const row of this.engine.source.tables.totals?.collect(Date.now()).set ?? [])
      this.spaces.set(row.netns as number, row);
    return this.spaces.get(netns.inode);
  }

  /** Transitions since the start that the kernel did not show, as far as the engine knows by now. */
  get hidden(): number {
    return this.engine.source.health()?.lost.recursion ?? 0;
  }

  end(): Promise<void> {
    return this.engine.stop();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, LOOK_AGAIN_MS);
      this.waiting.add(wake);
    });
  }

  private story(): string {
    const lines = this.events.slice(-40).map((event) => {
      const { type, direction, local, remote, end, errno, oldState, newState } = event;
      return JSON.stringify([
        type,
        direction,
        local,
        remote,
        end,
        errno,
        oldState,
        newState,
        event.process.comm,
      ]);
    });
    const kinds = this.events.map(({ netns, type, direction }) => `${type} ${direction} in ${netns}`);
    const { dropped, engine } = this;
    const known = { ...tally(kinds), dropped, lost: engine.source.health()?.lost };
    return `${this.events.length} events: ${JSON.stringify(known)}, the last:\n${lines.join('\n')}`;
  }
}

/** One namespace under a watch that several share. */
export class View {
  private hiddenBefore = 0;

  constructor(
    readonly watch: Watch,
    readonly netns: Netns,
  ) {}

  /** From now on the namespace has somebody's attention. */
  begin(sysctls: Sysctls): this {
    this.hiddenBefore = this.watch.hidden;
    this.netns.sysctl(sysctls);
    return this;
  }

  /** Transitions since `begin` that the kernel did not show, as far as the engine knows by now. */
  get hidden(): number {
    return this.watch.hidden - this.hiddenBefore;
  }

  events(type?: EventType): ConnectionEvent[] {
    return this.watch.events.filter(
      (event) => event.netns === this.netns.inode && (type === undefined || event.type === type),
    );
  }

  flows(direction?: 'out' | 'in'): FlowRow[] {
    const rows = this.watch.flows().filter((row) => row.netns === this.netns.inode);
    return direction === undefined ? rows : rows.filter((row) => row.direction === direction);
  }

  totals(): TotalsRow | undefined {
    return this.watch.totals(this.netns);
  }

  /** Waits until so many connections closed, and gives the events of those whose close the kernel showed. */
  async closed(count: number): Promise<ConnectionEvent[]> {
    return this.watch.until(() => {
      const found = this.events('closed');
      return found.length + this.hidden >= count && found;
    }, `${count} closes`);
  }

  /** Waits until an outbound flow's process is known to be in this control group. */
  async inGroup(cgroup: string): Promise<FlowRow> {
    const found = () => this.flows('out').find(({ process }) => process.cgroup === cgroup);
    return this.watch.until(found, `a flow of ${cgroup}`);
  }

  /** Waits until there are flows of all these containers, and gives them. */
  async containers(names: readonly string[]): Promise<FlowRow[]> {
    const of = (name: string) => this.flows('out').find(({ process }) => process.container === name);
    return this.watch.until(
      () => {
        const found = names.flatMap((name) => of(name) ?? []);
        return found.length === names.length && found;
      },
      `flows of ${names.join(', ')}`,
      60_000,
    );
  }

  /** Waits for so many events of a type, and gives them. */
  async reach(type: EventType, count: number): Promise<ConnectionEvent[]> {
    return this.watch.until(() => {
      const found = this.events(type);
      return found.length >= count && found;
    }, `${count} events ${type}`);
  }
}

/** How many namespaces `unhidden` may ask for. */
export const ATTEMPTS = 3;

/**
 * Plays a story in a namespace of its own, and again, at most `ATTEMPTS` times, when the kernel hid part of it
 * (docs/decisions/hidden-tasks.md): what a test compares to the event is what it was shown.
 */
export async function unhidden<T>(next: () => View, story: (view: View) => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS; ; left--) {
    const view = next();
    const told = await story(view);
    if (view.hidden === 0 || left === 1) return told;
  }
}

/**
 * One engine for a whole test file, which takes a while to load, and `count` namespaces under its eyes: each call of the result
 * gives the next one. Call it at the top of the file.
 */
export function watched(
  scope: Scope,
  count: number,
  options: WatchOptions = {},
): (sysctls?: Sysctls) => View {
  const free: View[] = [];
  beforeAll(async () => {
    const netns = Array.from({ length: count }, () => Netns.create(scope));
    const watch = await Watch.start(scope, netns, options);
    free.push(...netns.map((one) => new View(watch, one)));
  });
  return (sysctls = {}) => {
    const view = free.pop();
    if (view === undefined) throw new Error(`this file has more tests than its ${count} namespaces`);
    return view.begin(sysctls);
  };
}
