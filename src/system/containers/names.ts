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
/** Looked for at the same time. */
const AT_ONCE = 4;

interface Entry {
  readonly container: ContainerPath;
  facts: ContainerFacts | null;
  /** performance.now() */
  askedAt: number;
}

export class ContainerNames {
  private readonly entries = new Map<string, Entry>();
  private readonly waiting: (() => Promise<void>)[] = [];
  private running = 0;

  /** @param limit most containers that are remembered */
  constructor(
    private readonly storesOf: (runtime: Runtime) => readonly Store[],
    private readonly limit = 10_000,
  ) {}

  /**
   * Null while nothing is known; the same object as long as it says the same. The first call for a container asks its runtime's files, a call
   * after ten seconds asks again.
   */
  of(container: ContainerPath): ContainerFacts | null {
    const known = this.entries.get(keyOf(container));
    if (known === undefined) this.ask(this.add(container), 0);
    else if (known.facts !== null && performance.now() - known.askedAt > REFRESH_MS)
      this.ask(known, RETRY_MS.length);
    return known?.facts ?? null;
  }

  private add(container: ContainerPath): Entry {
    const oldest = this.entries.keys().next();
    if (this.entries.size >= this.limit && !oldest.done) this.entries.delete(oldest.value);
    const entry: Entry = { container, facts: null, askedAt: 0 };
    this.entries.set(keyOf(container), entry);
    return entry;
  }

  private ask(entry: Entry, tries: number): void {
    const { runtime, id, ofUser } = entry.container;
    entry.askedAt = performance.now();
    if (ofUser) return;
    this.waiting.push(async () => {
      const facts = await firstOf(this.storesOf(runtime), id);
      if (facts !== null && !isDeepStrictEqual(facts, entry.facts)) entry.facts = facts;
      const delay = RETRY_MS[tries];
      if (entry.facts !== null || delay === undefined) return;
      setTimeout(() => this.askAgain(entry, tries + 1), delay).unref();
    });
    this.next();
  }

  private askAgain(entry: Entry, tries: number): void {
    if (this.entries.get(keyOf(entry.container)) === entry) this.ask(entry, tries);
  }

  private next(): void {
    if (this.running >= AT_ONCE) return;
    const job = this.waiting.shift();
    if (job === undefined) return;
    this.running += 1;
    void job().finally(() => {
      this.running -= 1;
      this.next();
    });
  }
}

/** A user who gives a group the id of somebody else's container does not get its names, nor hide them. */
const keyOf = ({ runtime, id, ofUser }: ContainerPath) => `${runtime}:${ofUser ? 'user:' : ''}${id}`;

/** A file that is no JSON, or is just being written, is a miss. */
async function firstOf(stores: readonly Store[], id: string): Promise<ContainerFacts | null> {
  for (const store of stores) {
    const facts = await store(id).catch(() => null);
    if (facts !== null) return facts;
  }
  return null;
}
