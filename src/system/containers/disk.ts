/**
 * Directories of runtimes, some of which may be on file systems that do not answer (NFS, FUSE). Such a read holds one of the four threads that Node
 * reads files with, and nothing ends it. In: reads. Out: their answers, or a NoAnswer: where one read hangs no second one is begun.
 */

/** Of a read, ms; a busy machine answers sooner. */
export const WITHIN_MS = 5000;

export const NO_ANSWER = 'NO_ANSWER';

/** A read had no answer in time, or another one of the same directory has none yet. */
export class NoAnswer extends Error {
  readonly code = NO_ANSWER;
}

export class Place {
  /** A read waits in vain. */
  isHung = false;
  /** Settles in time, whatever the disk does. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly withinMs: number) {}

  /** One after the other. Rejects as the work does, or with NoAnswer. */
  read<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(() => this.begin(work));
    this.last = turn.catch(() => {});
    return turn;
  }

  private begin<T>(work: () => Promise<T>): Promise<T> {
    if (this.isHung) return Promise.reject(new NoAnswer());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.isHung = true;
        reject(new NoAnswer());
      }, this.withinMs);
      pending += 1;
      const done = () => {
        pending -= 1;
        this.isHung = false;
        clearTimeout(timer);
      };
      work().finally(done).then(resolve, reject);
    });
  }
}

let pending = 0;

/** A read has no answer yet. While it has none, process.exit() does not end the process. */
export const isReading = (): boolean => pending > 0;

/** All that one reader reads in. */
export class Disk {
  private readonly places = new Map<string, Place>();

  constructor(private readonly withinMs = WITHIN_MS) {}

  /** The same for the same path. */
  place(path: string): Place {
    const place = this.places.get(path) ?? new Place(this.withinMs);
    this.places.set(path, place);
    return place;
  }

  /** Paths of those that do not answer. */
  hung(): string[] {
    return [...this.places].flatMap(([path, { isHung }]) => (isHung ? [path] : []));
  }
}
