/**
 * The text of many rows or events, made and encoded in chunks when somebody sends them, once for all who do. In: what stands before,
 * items with their texts, what stands behind. Out: chunks of some 64 KiB, or the whole.
 */

export interface Item {
  readonly json: string;
}

/** Characters of one chunk, if one item is not more: to make one takes well below a millisecond. */
const CHUNK = 64 * 1024;

export class FrameText {
  readonly #chunks: Buffer[] = [];
  /** Items that are in chunks. */
  #done = 0;

  constructor(
    private readonly before: string,
    private readonly items: readonly Item[],
    private readonly behind: string,
  ) {}

  /** Items, not characters. */
  get length(): number {
    return this.items.length;
  }

  /** Is there one more than `at` chunks? There is at least one. */
  has(at: number): boolean {
    return at < this.#chunks.length || this.#chunks.length === 0 || this.#done < this.items.length;
  }

  /** Chunk by chunk: `at` is one that was had before, or the next. */
  chunk(at: number): Buffer {
    this.#chunks[at] ??= Buffer.from(this.#next());
    return this.#chunks[at];
  }

  get whole(): string {
    return this.before + this.items.map(({ json }) => json).join(',') + this.behind;
  }

  #next(): string {
    const from = this.#done;
    const texts: string[] = [];
    for (let length = 0; length < CHUNK && this.#done < this.items.length; this.#done++) {
      const { json } = this.items[this.#done] as Item;
      texts.push(json);
      length += json.length;
    }
    const start = this.#chunks.length === 0 ? this.before : from < this.#done ? ',' : '';
    return start + texts.join(',') + (this.#done === this.items.length ? this.behind : '');
  }
}
