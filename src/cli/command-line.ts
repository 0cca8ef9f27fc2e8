/**
 * `portchurn COMMAND …`: from words to an exit code. Enters: arguments, Io. Leaves: the exit code of the contract, errors
 * as `portchurn: message` with the next step below. Called by main.ts and by tests.
 */
import { CommanderError } from 'commander';
import { EXIT, PortchurnError } from '../protocol/errors.js';
import { type Io, say } from './io.js';
import { buildProgram, type Handlers } from './program.js';
import { printable } from './screen/text.js';

/** Each command is loaded when it is asked for: `top` beside a service loads neither the addon nor the server. */
const HANDLERS: Handlers = {
  serve: async (values, io) => (await import('./commands/serve.js')).serve(values, io),
  top: async (values, io) => (await import('./commands/top.js')).top(values, io),
  trace: async (values, io) => (await import('./commands/trace.js')).trace(values, io),
  why: async (values, io) => (await import('./commands/why.js')).why(values, io),
  check: async (values, io) => (await import('./commands/check.js')).check(values, io),
  'what-if': async (values, io) => (await import('./commands/what-if.js')).whatIf(values, io),
  doctor: async (values, io) => (await import('./commands/doctor.js')).doctor(values, io),
};

/** Monitoring systems know no other codes than 0 to 3. */
const PLUGIN_UNKNOWN = 3;

/** Never rejects. */
export async function commandLine(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram(HANDLERS, io, (exit) => {
    code = exit;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    const exit = fail(error, argv[0], io);
    return argv[0] === 'check' && exit !== EXIT.ok ? PLUGIN_UNKNOWN : exit;
  }
}

function fail(error: unknown, command: string | undefined, io: Io): number {
  if (error instanceof CommanderError) return wrongWords(error, command, io);
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
function wrongWords(error: CommanderError, command: string | undefined, io: Io): number {
  if (error.exitCode === 0) return EXIT.ok;
  if (error.code === 'commander.help') return EXIT.usage;
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const known = command !== undefined && command in HANDLERS ? ` ${command}` : '';
  complain(io, message, suggestion?.replace(/^\((.*)\)$/, '$1') ?? `portchurn${known} --help`);
  return EXIT.usage;
}

function complain(io: Io, message: string, hint?: string): void {
  say(io, message.split('\n').map(printable).join('\n'));
  if (hint) io.stderr.write(`  → ${printable(hint)}\n`);
}
