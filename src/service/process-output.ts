/**
 * stdout or stderr of the process. Node does not wait for the reader of a pipe: what the pipe has no room for stays in this
 * process, and process.exit() would lose it. So whoever leaves waits for taken() first. In: a stream of the process. Out: an
 * Output that knows what its reader has not taken yet, and whether there is a reader.
 */
import type { Output } from '../cli/io.js';

type Stream = Pick<NodeJS.WriteStream, 'write' | 'writableLength' | 'on'> &
  Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'>>;

export class ProcessOutput implements Output {
  #failure: NodeJS.ErrnoException | null = null;

  /** `onFailure`: called once, when nothing can be written any more. */
  constructor(
    private readonly stream: Stream,
    onFailure: () => void = () => undefined,
  ) {
    stream.on('error', (error) => {
      if (this.#failure !== null) return;
      this.#failure = error;
      onFailure();
    });
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true;
  }

  get columns(): number | undefined {
    return this.stream.columns;
  }

  get rows(): number | undefined {
    return this.stream.rows;
  }

  get waiting(): number {
    return this.stream.writableLength;
  }

  write(text: string): void {
    this.stream.write(text);
  }

  async taken(): Promise<void> {
    await this.failure();
  }

  /** Like taken(); what writing failed with, EPIPE when the reader has gone. Null: all of it was taken. */
  failure(): Promise<NodeJS.ErrnoException | null> {
    /* Writes end in order, the empty one last; after a failure it fails as well. */
    return new Promise((done) => this.stream.write('', (error) => done(this.#failure ?? error ?? null)));
  }
}
