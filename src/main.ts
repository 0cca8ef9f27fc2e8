/**
 * The process around the command line: real outputs, signals, exit code. Runs when bin/portchurn.js imports it.
 */
import type { Io, StopReason } from './cli/io.js';
import { EXIT } from './protocol/errors.js';
import { dropPrivileges } from './service/drop-privileges.js';
import { boundHeap, boundYoungHeap } from './service/heap.js';
import { raisePriority } from './service/priority.js';
import { ProcessOutput } from './service/process-output.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The first signal asks the command to stop; the second, or one when only the output is left, ends the process at once. */
async function run(): Promise<never> {
  const args = process.argv.slice(2);
  if (args[0] === 'serve') raisePriority();
  /* Before signals have handlers: one that came while the process is replaced would be lost. */
  const warnings = await dropPrivileges(args, process.env);
  boundHeap();
  if (args[0] === 'top') boundYoungHeap();
  const { commandLine, exitCodeOf } = await import('./cli/command-line.js');
  const { BACKENDS } = await import('./service/backends.js');
  const { end } = await import('./service/end.js');
  const stopping = new AbortController();
  const stop = (reason: StopReason) => {
    if (stopping.signal.aborted) end(EXIT.interrupted);
    stopping.abort(reason);
  };
  for (const signal of SIGNALS) process.on(signal, () => stop(signal));
  let hangUp = () => stop('SIGHUP');
  process.on('SIGHUP', () => hangUp());
  const onHangUp = (reload: () => void) => {
    // With a terminal the signal says that it was closed.
    if (!process.stdout.isTTY && !process.stderr.isTTY) hangUp = reload;
  };
  const stdout = new ProcessOutput(process.stdout, () => stopping.abort('pipe' satisfies StopReason));
  const stderr = new ProcessOutput(process.stderr);
  const io: Io = {
    stdin: process.stdin,
    stdout,
    stderr,
    ...(process.stdin.isTTY &&
      process.stdout.isTTY && { terminal: { stdin: process.stdin, stdout: process.stdout } }),
    env: process.env,
    stop: stopping.signal,
    onHangUp,
    warnings,
  };
  const code = await commandLine(args, io, BACKENDS);
  stopping.abort();
  return end(await taken(code, exitCodeOf(args, EXIT.failed), stdout, stderr));
}

/** The exit code, when all that was written has been taken. `portchurn top | head` ends in silence; a closed stderr changes nothing. */
async function taken(
  code: number,
  failed: number,
  stdout: ProcessOutput,
  stderr: ProcessOutput,
): Promise<number> {
  const failure = await stdout.failure();
  const lost = failure !== null && failure.code !== 'EPIPE';
  if (lost) stderr.write(`portchurn: cannot write to stdout: ${failure.message}\n`);
  await stderr.taken();
  return lost ? failed : code;
}

await run();
