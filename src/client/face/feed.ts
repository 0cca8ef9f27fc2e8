/**
 * One subscription as an asynchronous iterator. In: values, whenever they come. Out: the same to a loop at its own pace: what it has not
 * taken is merged with what comes, so that nothing piles up.
 */
export class Feed<T> implements AsyncIterableIterator<T> {
  #waiting: { value: T } | null = null;
  #wanted: PromiseWithResolvers | null = null;
  #failure: Error | null = null;
  #ended = false;

  /** `left`: called once, when nobody wants values any more. */
  constructor(
    private readonly merge: (before: T, next: T) => T,
    private readonly left: () => void,
  ) {}

  push(value: T): void {
    if (this.#ended) return;
    this.#waiting = { value: this.#waiting === null ? value : this.merge(this.#waiting.value, value) };
    this.#wake();
  }

  /** What has come is still given out; then the loop ends, or throws. */
  end(failure: Error | null = null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.left();
    this.#wake();
  }

  async next(): Promise<IteratorResult<T>> {
    while (this.#waiting === null && !this.#ended) {
      this.#wanted ??= withResolvers();
      await this.#wanted.promise;
    }
    if (this.#waiting !== null) return { done: false, value: this.#take() };
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T>> {
    this.#waiting = null;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): T {
    const { value } = this.#waiting as { value: T };
    this.#waiting = null;
    return value;
  }

  #wake(): void {
    this.#wanted?.resolve();
    this.#wanted = null;
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  resolve(): void;
}

/** Node 20 has no Promise.withResolvers(). */
function withResolvers(): PromiseWithResolvers {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}
