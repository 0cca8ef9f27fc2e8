/**
 * What a file of the system says, read again some seconds after it has changed. In: a path, how its bytes are read. Out: what was read last, at once.
 * Only for files that root alone can put in their places.
 */
import { realpath } from 'node:fs/promises';
import { readWhole, versionOf } from '../containers/read-whole.js';

const CHECK_MS = 10_000;
/** Larger is no such file. */
const MOST_BYTES = 2_000_000;

export class KnownFile<T> {
  #value: T;
  #version = '';
  #checkedAt = 0;
  #checked: Promise<void> = Promise.resolve();
  #isChecking = false;
  /** How often what it says has changed. */
  changes = 0;

  /** Begins to read. @param absent what stands for a file that is not there, cannot be read, or was not read yet */
  constructor(
    private readonly path: string,
    private readonly parse: (bytes: Buffer) => T,
    private readonly absent: T,
  ) {
    this.#value = absent;
    void this.check();
  }

  get value(): T {
    /* A file system that does not answer is not asked twice. */
    if (!this.#isChecking && performance.now() - this.#checkedAt >= CHECK_MS) void this.check();
    return this.#value;
  }

  /** Resolves when what has changed has been read. Never rejects. */
  check(): Promise<void> {
    this.#checkedAt = performance.now();
    this.#checked = this.#checked.then(() => this.#read());
    return this.#checked;
  }

  async #read(): Promise<void> {
    this.#isChecking = true;
    await this.#take();
    this.#isChecking = false;
  }

  async #take(): Promise<void> {
    const version = await versionOf(this.path);
    if (version === this.#version) return;
    // It may be a link, as on NixOS.
    const path = await realpath(this.path).catch(() => null);
    const bytes = path === null ? null : await readWhole(path, MOST_BYTES);
    this.#value = bytes === null ? this.absent : this.parse(bytes);
    this.#version = version;
    this.changes += 1;
  }
}
