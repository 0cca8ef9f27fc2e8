/**
 * What the words of `serve` ask for, without running it. Enters: arguments and environment. Leaves: the values that
 * `serve` is about to get. Called by shed.ts when it depends on them.
 */

import type { Io } from '../cli/io.js';
import { buildProgram, type Handlers } from '../cli/program.js';
import { COMMANDS } from '../config/options.js';
import type { ValuesOf } from '../config/serve-config.js';
import { EXIT } from '../protocol/errors.js';

const SILENT = { write: () => true };

/** Null when it would not be run: a mistake, which the command line is about to report, or --help. */
export async function readServeOptions(
  args: readonly string[],
  env: Io['env'],
): Promise<ValuesOf<'serve'> | null> {
  let values: ValuesOf<'serve'> | null = null;
  const take = async (given: unknown) => {
    values = given as ValuesOf<'serve'>;
    return EXIT.ok;
  };
  const handlers = Object.fromEntries(
    Object.keys(COMMANDS).map((name) => [name, take]),
  ) as unknown as Handlers;
  const io: Io = { stdout: SILENT, stderr: SILENT, env, stop: AbortSignal.abort() };
  const program = buildProgram(handlers, io, () => undefined);
  await program.parseAsync([...args], { from: 'user' }).catch(() => undefined);
  return values;
}
