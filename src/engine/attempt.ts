/** Work that is tried again and again: its failures are logged once, until it has worked. In: work. Out: a log line. */
import type { Logger } from 'pino';

export class Attempt {
  private failed = false;

  /** @param message what a failure means for whoever reads the log */
  constructor(
    private readonly log: Pick<Logger, 'error'>,
    private readonly message: string,
  ) {}

  /** Never rejects. */
  async run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.failed = false;
    } catch (error) {
      if (!this.failed) this.log.error({ err: error }, this.message);
      this.failed = true;
    }
  }
}
