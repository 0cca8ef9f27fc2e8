/**
 * What a test started and must end: everything that is used through a scope is ended in reverse order when the file or
 * the test is over, passed or failed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished, type TestContext } from 'vitest';

export interface Ending {
  end(): void | Promise<void>;
}

export class Scope {
  private readonly endings: Ending[] = [];

  use<T extends Ending>(thing: T): T {
    this.endings.push(thing);
    return thing;
  }

  /** A directory of our own, removed at the end. */
  directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'portchurn-test-'));
    this.use({ end: () => rmSync(path, { recursive: true, force: true }) });
    return path;
  }

  /** Ends everything even if some of it fails, then throws the first failure. */
  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (let thing = this.endings.pop(); thing; thing = this.endings.pop())
      await Promise.resolve(thing)
        .then((it) => it.end())
        .catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

/** Call it at the top of a test file or in a describe. */
export function fileScope(): Scope {
  const scope = new Scope();
  afterAll(() => scope.end());
  return scope;
}

/** What tells a test that it is over. */
export type Over = Pick<TestContext, 'onTestFinished'>;

/** Call it inside a test. One that runs beside others passes its context: vitest does not know which of them called. */
export function testScope(test: Over = { onTestFinished }): Scope {
  const scope = new Scope();
  test.onTestFinished(() => scope.end());
  return scope;
}
