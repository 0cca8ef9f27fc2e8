/**
 * Names of containers, kept by their ids. In: what a control group's path says. Out: what is known of it now. A container is read about when its
 * first process is announced, a miss again after 0.1, 1 and 10 s; what was found stays for the rows that outlive the container.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ContainerFacts, ContainerPath, Runtime } from '../parse/container.js';
import { Disk, NoAnswer } from './disk.js';
import type { Store } from './stores.js';

const RETRY_MS = [100, 1000, 10_000];
/** A container may be renamed. */
const REFRESH_MS = 10_000;
/** What the disk did not answer is asked again after this: nothing is read until it does. */
const UNANSWERED_MS = 5000;
/** Of the four that Node reads files with, those of reads that have no answer among them: one is left for everything else. */
const THREADS = 3;

interface Entry {
  readonly container: ContainerPath;
  facts: ContainerFacts | null;
  /** How often it was looked for in vain. */
  tries: number;
  /** performance.now(); it is looked for again later. */
  askedAt: number;
  again: NodeJS.Timeout | null;
}

/** Containers of one runtime are looked for one after the other: files of one that do not answer keep no other from being read. */
interface Lane {
  /** To be looked for; each once, however long the files take. */
  readonly waiting: Set<Entry>;
  isRunning: boolean;
}

export class ContainerNames {
  private readonly entries = new Map<string, Entry>();
  /** The one that ran last comes last. */
  private readonly lanes = new Map<Runtime, Lane>();
  private running = 0;
  private changed = false;
  /** Containers that were pushed out by others, since the start. */
  evicted = 0;
  /** Runtimes with a container that was looked for in vain to the last, and none that was found since. */
  readonly nameless = new Set<Runtime>();
  private lookedAt = performance.now();

  /**
   * @param limit most containers that are remembered
   * @param disk that the stores read
   */
  constructor(
    private readonly storesOf: (runtime: Runtime) => readonly Store[],
    private readonly limit = 10_000,
    private readonly disk: Pick<Disk, 'hung'> = new Disk(),
  ) {}

  /**
   * Null while nothing is known; the same object as long as it says the same. The first call for a container asks its runtime's files, a call
   * after ten seconds asks again. Of one that no runtime lists nothing is known: neither does it get the names of somebody else's container nor push
   * them out.
   */
  of(container: ContainerPath): ContainerFacts | null {
    if (container.unlisted) return null;
    const known = this.entries.get(keyOf(container));
    if (known === undefined) this.ask(this.add(container));
    else if (known.facts !== null && performance.now() - known.askedAt > REFRESH_MS) this.ask(known);
    return known?.facts ?? null;
  }

  /** A name has changed since the last call, or may have: whoever shows some asks for each again. */
  mayHaveChanged(): boolean {
    const isDue = this.changed || performance.now() - this.lookedAt > REFRESH_MS;
    this.changed = false;
    if (isDue) this.lookedAt = performance.now();
    // Some may wait for a thread that a disk has given back.
    this.next();
    return isDue;
  }

  /** A socket has said something of the container with this id. */
  again(id: string): void {
    for (const runtime of ['docker', 'podman', 'unknown'] as const) {
      const entry = this.entries.get(`${runtime}:${id}`);
      if (entry !== undefined) this.ask(entry);
    }
  }

  private add(container: ContainerPath): Entry {
    if (this.entries.size >= this.limit) this.forgetOldest();
    const entry: Entry = { container, facts: null, tries: 0, askedAt: 0, again: null };
    this.entries.set(keyOf(container), entry);
    return entry;
  }

  private forgetOldest(): void {
    const [oldest] = this.entries;
    if (oldest === undefined) return;
    const [key, entry] = oldest;
    this.evicted += 1;
    this.entries.delete(key);
    this.lanes.get(entry.container.runtime)?.waiting.delete(entry);
    clearTimeout(entry.again ?? undefined);
  }

  private ask(entry: Entry): void {
    const { runtime } = entry.container;
    entry.askedAt = performance.now();
    const lane = this.lanes.get(runtime) ?? { waiting: new Set(), isRunning: false };
    this.lanes.set(runtime, lane);
    lane.waiting.add(entry);
    this.next();
  }

  private next(): void {
    for (const [runtime, lane] of this.lanes) {
      const [entry] = lane.waiting;
      if (entry === undefined || lane.isRunning) continue;
      if (this.running + this.disk.hung().length >= THREADS) return;
      this.lanes.delete(runtime);
      this.lanes.set(runtime, lane);
      lane.waiting.delete(entry);
      void this.run(lane, entry);
      return;
    }
  }

  private async run(lane: Lane, entry: Entry): Promise<void> {
    lane.isRunning = true;
    this.running += 1;
    await this.look(entry);
    lane.isRunning = false;
    this.running -= 1;
    this.next();
  }

  private async look(entry: Entry): Promise<void> {
    const facts = await firstOf(this.storesOf(entry.container.runtime), entry.container.id);
    if (facts === 'no answer') return this.later(entry, UNANSWERED_MS);
    if (facts !== null && !isDeepStrictEqual(facts, entry.facts)) {
      entry.facts = facts;
      this.changed = true;
    }
    const { runtime, name } = entry.container;
    const delay = RETRY_MS[entry.tries++];
    if (facts !== null) this.nameless.delete(runtime);
    else if (delay === undefined && entry.facts === null && name === null) this.nameless.add(runtime);
    if (delay !== undefined) this.later(entry, delay);
  }

  /** What has a name is asked for by the rows that show it. */
  private later(entry: Entry, delay: number): void {
    clearTimeout(entry.again ?? undefined);
    if (entry.facts === null) entry.again = setTimeout(() => this.askAgain(entry), delay).unref();
  }

  private askAgain(entry: Entry): void {
    if (this.entries.get(keyOf(entry.container)) === entry) this.ask(entry);
  }
}

const keyOf = ({ runtime, id }: ContainerPath) => `${runtime}:${id}`;

/** A file that is no JSON, or is just being written, is a miss. */
async function firstOf(stores: readonly Store[], id: string): Promise<ContainerFacts | null | 'no answer'> {
  let isUnanswered = false;
  for (const store of stores) {
    const facts = await store(id).catch((error) => {
      isUnanswered ||= error instanceof NoAnswer;
      return null;
    });
    if (facts !== null) return facts;
  }
  return isUnanswered ? 'no answer' : null;
}
