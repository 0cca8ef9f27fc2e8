/**
 * `portchurn COMMAND …`: from arguments to an exit code. In: arguments, Io, the backends that commands run. Out: an exit code
 * of docs/cli.md, errors as `portchurn: message` with the next step below.
 */
import { CommanderError } from 'commander';
import { COMMANDS } from '../config/options.js';
import { EXIT, PortchurnError } from '../protocol/errors.js';
import type { Backends } from './backends.js';
import { type Io, say } from './io.js';
import { buildProgram, type Handlers } from './program.js';
import { printable } from './screen/text.js';

/** Each command is imported when it runs, so that it loads nothing of the others. */
function handlersFor(backends: Backends): Handlers {
  return {
    serve: async (values, io) => (await import('./commands/serve.js')).serve(values, io, backends),
    top: async (values, io) => (await import('./commands/top.js')).top(values, io, backends),
    trace: async (values, io) => (await import('./commands/trace.js')).trace(values, io, backends),
    why: async (values, io) => (await import('./commands/why.js')).why(values, io, backends),
    check: async (values, io) => (await import('./commands/check.js')).check(values, io, backends),
    'what-if': async (values, io) => (await import('./commands/what-if.js')).whatIf(values, io, backends),
    doctor: async (values, io) => (await import('./commands/doctor.js')).doctor(values, io, backends),
  };
}

/** `check` ends only with the codes of monitoring plugins, 0 to 3. */
const PLUGIN_UNKNOWN = 3;

/** Never rejects. */
export async function commandLine(argv: readonly string[], io: Io, backends: Backends): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram(handlersFor(backends), io, (exit) => {
    code = exit;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return exitCodeOf(argv, fail(error, argv[0], io));
  }
}

/** The exit code of the command in `argv` when it ends with `exit` for a reason that is not its own. */
export function exitCodeOf(argv: readonly string[], exit: number): number {
  return argv[0] === 'check' && exit !== EXIT.ok ? PLUGIN_UNKNOWN : exit;
}

function fail(error: unknown, command: string | undefined, io: Io): number {
  if (error instanceof CommanderError) return wrongUsage(error, command, io);
  if (error instanceof PortchurnError) {
    complain(io, error.message, error.hint);
    return error.exitCode;
  }
  complain(
    io,
    `unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return EXIT.failed;
}

/** --help and --version arrive here too: they end with exit code 0. */
function wrongUsage(error: CommanderError, command: string | undefined, io: Io): number {
  if (error.exitCode === 0) return EXIT.ok;
  if (error.code === 'commander.help') return EXIT.usage;
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const known = command !== undefined && command in COMMANDS ? ` ${command}` : '';
  complain(io, message, suggestion?.replace(/^\((.*)\)$/, '$1') ?? `portchurn${known} --help`);
  return EXIT.usage;
}

function complain(io: Io, message: string, hint?: string): void {
  say(io, message.split('\n').map(printable).join('\n'));
  if (hint) io.stderr.write(`  → ${printable(hint)}\n`);
}
