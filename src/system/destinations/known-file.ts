/**
 * What a file of the system says, read again some seconds after it has changed. In: a path, how its text is read. Out: what was read last, at once.
 * Only for files that root alone can put in their places.
 */
import { realpath, stat } from 'node:fs/promises';
import { readWhole } from '../containers/read-whole.js';

const CHECK_MS = 10_000;
/** Larger is no such file. */
const MOST_BYTES = 2_000_000;

export class KnownFile<T> {
  #value: T;
  #mark = '';
  #checkedAt = Number.NEGATIVE_INFINITY;

  /** @param absent what stands for a file that is not there, or cannot be read */
  constructor(
    private readonly path: string,
    private readonly parse: (text: string) => T,
    private readonly absent: T,
  ) {
    this.#value = absent;
  }

  /** @param nowMs of any clock that only goes forward */
  at(nowMs: number): T {
    if (nowMs - this.#checkedAt >= CHECK_MS) {
      this.#checkedAt = nowMs;
      void this.check();
    }
    return this.#value;
  }

  /** Resolves when what has changed has been read. Never rejects. */
  async check(): Promise<void> {
    const found = await stat(this.path).catch(() => null);
    const mark = found === null ? '' : `${found.dev} ${found.ino} ${found.size} ${found.mtimeMs}`;
    if (mark === this.#mark) return;
    // It may be a link, as on NixOS.
    const path = await realpath(this.path).catch(() => null);
    const bytes = path === null ? null : await readWhole(path, MOST_BYTES);
    this.#value = bytes === null ? this.absent : this.parse(bytes.toString());
    this.#mark = mark;
  }
}
