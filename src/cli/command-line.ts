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
    serve: async (values, io, again) =>
      (await import('./commands/serve.js')).serve(values, io, backends, again),
    top: async (values, io) => (await import('./commands/top.js')).top(values, io, backends),
    trace: async (values, io) => (await import('./commands/trace.js')).trace(values, io, backends),
    why: async (values, io) => (await import('./commands/why.js')).why(values, io, backends),
    check: async (values, io) => (await import('./commands/check.js')).check(values, io, backends),
    'what-if': async (values, io) => (await import('./commands/what-if.js')).whatIf(values, io, backends),
    demo: async (values, io) => (await import('./commands/demo.js')).demo(values, io, backends),
    doctor: async (values, io) => (await import('./commands/doctor.js')).doctor(values, io, backends),
    completion: async (values, io) => (await import('./commands/completion.js')).completion(values, io),
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
  } catch (thrown) {
    const error = explained(thrown, argv[0]);
    return typeof error === 'number' ? error : fail(error, argv, io);
  }
}

/** The exit code of the command in `argv` when it ends with `exit` for a reason that is not its own. */
export function exitCodeOf(argv: readonly string[], exit: number): number {
  return argv[0] === 'check' && exit !== EXIT.ok ? PLUGIN_UNKNOWN : exit;
}

/** Monitoring systems read the one line on stdout, nothing else. */
async function fail(error: PortchurnError, argv: readonly string[], io: Io): Promise<number> {
  if (argv[0] === 'check') return (await import('./commands/check.js')).checkFailed(error, argv, io);
  complain(io, error.message, error.hint);
  return error.exitCode;
}

/** An exit code: all is said already. Anything that is not ours is a defect, told with its stack. */
function explained(error: unknown, command: string | undefined): PortchurnError | number {
  if (error instanceof CommanderError) return wrongUsage(error, command);
  if (error instanceof PortchurnError) return error;
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new PortchurnError('INTERNAL', `unexpected error: ${what}`, { cause: error });
}

/** --help and --version arrive here too: they end with exit code 0. */
function wrongUsage(error: CommanderError, command: string | undefined): PortchurnError | number {
  if (error.exitCode === 0) return EXIT.ok;
  if (error.code === 'commander.help') return EXIT.usage;
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const known = command !== undefined && command in COMMANDS ? ` ${command}` : '';
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? `portchurn${known} --help`;
  return new PortchurnError('USAGE', message, { hint });
}

function complain(io: Io, message: string, hint?: string): void {
  say(io, message.split('\n').map(printable).join('\n'));
  if (hint) io.stderr.write(`  → ${printable(hint)}\n`);
}
