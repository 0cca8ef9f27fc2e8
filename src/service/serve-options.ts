/**
 * The option values that `serve` would run with, without running it. In: arguments and environment. Out: values.
 */
import type { Io } from '../cli/io.js';
import { buildProgram, type Handlers } from '../cli/program.js';
import { COMMANDS, type ValuesOf } from '../config/options.js';
import { EXIT } from '../protocol/errors.js';

const SILENT = { write: () => true, waiting: 0, taken: async () => undefined };

/** Null when it would not be run: a mistake, which the command line is about to report, or --help. */
export async function readServeOptions(
  args: readonly string[],
  env: Io['env'],
): Promise<ValuesOf<'serve'> | null> {
  let values: ValuesOf<'serve'> | null = null;
  const keep = async (given: unknown) => {
    values = given as ValuesOf<'serve'>;
    return EXIT.ok;
  };
  const handlers = Object.fromEntries(
    Object.keys(COMMANDS).map((name) => [name, keep]),
  ) as unknown as Handlers;
  const io: Io = { stdout: SILENT, stderr: SILENT, env, stop: AbortSignal.abort() };
  const program = buildProgram(handlers, io, () => undefined);
  await program.parseAsync([...args], { from: 'user' }).catch(() => undefined);
  return values;
}
