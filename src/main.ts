/**
 * The process around the command line: real outputs, signals, exit code. Runs when bin/portchurn.js imports it.
 * On Linux writes to files, pipes and terminals are synchronous, so nothing is lost by exiting at the end.
 */
import type { Io, StopReason } from './cli/io.js';
import { EXIT } from './protocol/errors.js';
import { dropPrivileges } from './service/drop-privileges.js';
import { boundHeap } from './service/heap.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal asks the command to stop, the second ends the process at once. */
async function run(): Promise<never> {
  const args = process.argv.slice(2);
  /* Before signals have handlers: one that came while the process is replaced would be lost. */
  const warnings = await dropPrivileges(args, process.env);
  boundHeap();
  const { commandLine } = await import('./cli/command-line.js');
  const { BACKENDS } = await import('./service/backends.js');
  const stopping = new AbortController();
  const stop = (reason: StopReason) => {
    if (stopping.signal.aborted) process.exit(EXIT.interrupted);
    stopping.abort(reason);
  };
  for (const signal of SIGNALS) process.on(signal, () => stop(signal));
  onBrokenPipe(() => stopping.abort('pipe' satisfies StopReason));
  process.exit(await commandLine(args, realIo(stopping.signal, warnings), BACKENDS));
}

function realIo(stop: AbortSignal, warnings: readonly string[]): Io {
  return { stdout: process.stdout, stderr: process.stderr, env: process.env, stop, warnings };
}

/** `portchurn top | head` ends in silence; a closed stderr is no reason to stop. */
function onBrokenPipe(gone: () => void): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return gone();
    process.stderr.write(`portchurn: cannot write to stdout: ${error.message}\n`);
    process.exit(EXIT.failed);
  });
  process.stderr.on('error', () => undefined);
}

await run();
