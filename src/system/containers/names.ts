/**
 * Names of containers, kept by their ids. In: what a control group's path says. Out: what is known of it now. A container is read about when its
 * first process is announced, a miss again after 0.1, 1 and 10 s; what was found stays for the rows that outlive the container.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ContainerFacts, ContainerPath, Runtime } from '../parse/container.js';
import type { Store } from './stores.js';

const RETRY_MS = [100, 1000, 10_000];
/** A container may be renamed. */
const REFRESH_MS = 10_000;
/** Looked for at the same time: a file system that does not answer must not hold all four threads that Node reads files with. */
const AT_ONCE = 2;

interface Entry {
  readonly container: ContainerPath;
  facts: ContainerFacts | null;
  /** How often it was looked for in vain. */
  tries: number;
  /** performance.now(); it is looked for again later. */
  askedAt: number;
}

export class ContainerNames {
  private readonly entries = new Map<string, Entry>();
  /** To be looked for; each once, however long the files take. */
  private readonly waiting = new Set<Entry>();
  private running = 0;
  private changed = false;
  /** Runtimes with a container that was looked for in vain to the last, and none that was found since. */
  readonly nameless = new Set<Runtime>();
  private lookedAt = performance.now();

  /** @param limit most containers that are remembered */
  constructor(
    private readonly storesOf: (runtime: Runtime) => readonly Store[],
    private readonly limit = 10_000,
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
    const entry: Entry = { container, facts: null, tries: 0, askedAt: 0 };
    this.entries.set(keyOf(container), entry);
    return entry;
  }

  private forgetOldest(): void {
    const [oldest] = this.entries;
    if (oldest === undefined) return;
    this.entries.delete(oldest[0]);
    this.waiting.delete(oldest[1]);
  }

  private ask(entry: Entry): void {
    entry.askedAt = performance.now();
    this.waiting.add(entry);
    this.next();
  }

  private next(): void {
    const [entry] = this.waiting;
    if (entry === undefined || this.running >= AT_ONCE) return;
    this.waiting.delete(entry);
    this.running += 1;
    void this.look(entry).finally(() => {
      this.running -= 1;
      this.next();
    });
  }

  private async look(entry: Entry): Promise<void> {
    const facts = await firstOf(this.storesOf(entry.container.runtime), entry.container.id);
    if (facts !== null && !isDeepStrictEqual(facts, entry.facts)) {
      entry.facts = facts;
      this.changed = true;
    }
    const { runtime, name } = entry.container;
    const delay = RETRY_MS[entry.tries++];
    if (facts !== null) this.nameless.delete(runtime);
    else if (delay === undefined && entry.facts === null && name === null) this.nameless.add(runtime);
    if (entry.facts !== null || delay === undefined) return;
    setTimeout(() => this.askAgain(entry), delay).unref();
  }

  private askAgain(entry: Entry): void {
    if (this.entries.get(keyOf(entry.container)) === entry) this.ask(entry);
  }
}

const keyOf = ({ runtime, id }: ContainerPath) => `${runtime}:${id}`;

/** A file that is no JSON, or is just being written, is a miss. */
async function firstOf(stores: readonly Store[], id: string): Promise<ContainerFacts | null> {
  for (const store of stores) {
    const facts = await store(id).catch(() => null);
    if (facts !== null) return facts;
  }
  return null;
}
