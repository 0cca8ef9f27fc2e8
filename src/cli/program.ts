/**
 * The command line as commander sees it, generated from config/options.ts. In: handlers, Io.
 * Out: a program that parses, resolves options by precedence and calls one handler.
 */
import { Argument, Command, Option } from 'commander';
import { fileKey, flagName } from '../config/names.js';
import {
  COMMANDS,
  type CommandName,
  type CommandSpec,
  type OptionSpec,
  type ValuesOf,
} from '../config/options.js';
import { resolve } from '../config/resolve.js';
import { versionText } from '../protocol/version.js';
import type { Io } from './io.js';

/** A command: checked values in, exit code out. `again` reads environment and file once more, beside the same flags. */
export type Handler<C extends CommandName> = (
  values: ValuesOf<C>,
  io: Io,
  again: () => ValuesOf<C>,
) => Promise<number>;
export type Handlers = { readonly [C in CommandName]: Handler<C> };

const FOOTER = `
Every option is also a variable (--token-file F: PORTCHURN_TOKEN_FILE=F) and a key of the file that --config names
(token-file: F). A flag goes before a variable, a variable before the file, the file before the default.`;

/** `onExit` gets the exit code of the command that ran. */
export function buildProgram(handlers: Handlers, io: Io, onExit: (code: number) => void): Command {
  const program = new Command('portchurn')
    .description('which process burns the TCP ports, toward which destination, and when they run out')
    .version(versionText())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: () => undefined,
    });
  for (const name of Object.keys(COMMANDS) as CommandName[]) {
    addCommand(program, name, handlers[name] as Handler<CommandName>, io, onExit);
  }
  return program;
}

function addCommand(
  program: Command,
  name: CommandName,
  handler: Handler<CommandName>,
  io: Io,
  onExit: (code: number) => void,
): void {
  const { summary, argument, options }: CommandSpec = COMMANDS[name];
  const command = program.command(name).description(summary);
  if (argument !== undefined)
    command.addArgument(new Argument(`<${argument.name}>`, argument.help).choices(argument.words));
  if (Object.keys(options).length > 0) command.addHelpText('after', FOOTER);
  for (const [key, spec] of Object.entries(options)) addOption(command, key, spec);
  const read = () =>
    ({
      ...resolve(name, typed(command), io.env),
      ...(argument && { [argument.name]: command.args[0] }),
    }) as ValuesOf<CommandName>;
  command.action(async () => onExit(await handler(read(), io, read)));
}

function addOption(command: Command, key: string, spec: OptionSpec): void {
  const long = spec.arg ? `${flagName(key)} <${spec.arg}>` : flagName(key);
  const option = new Option(spec.short ? `${spec.short}, ${long}` : long, spec.help);
  if (spec.arg && hasDefault(spec)) option.default(spec.default, shownDefault(spec));
  if (Array.isArray(spec.default))
    option.argParser((text: string, before: unknown) =>
      Array.isArray(before) && before !== spec.default ? [...before, text] : [text],
    );
  command.addOption(option);
  if (spec.negatable) command.addOption(new Option(`--no-${fileKey(key)}`, `no ${key}`));
}

/** A default worth showing in --help: neither empty nor absent. */
function hasDefault(spec: OptionSpec): boolean {
  const value = spec.default;
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}

function shownDefault({ default: value }: OptionSpec): string {
  return (Array.isArray(value) ? value : [value]).map((one) => JSON.stringify(one)).join(', ');
}

/** What the user typed, by option key; commander's own defaults are only for --help. */
function typed(command: Command): Record<string, unknown> {
  const given = command.options.filter((o) => command.getOptionValueSource(o.attributeName()) === 'cli');
  return Object.fromEntries(given.map((o) => typedValue(command, o)));
}

/** commander knows --no-syscalls as "syscalls is false"; here it is the switch noSyscalls. */
function typedValue(command: Command, option: Option): [string, unknown] {
  const name = option.attributeName();
  const value: unknown = command.getOptionValue(name);
  const paired = command.options.some((other) => !other.negate && other.attributeName() === name);
  return option.negate && !paired
    ? [`no${name[0]?.toUpperCase()}${name.slice(1)}`, value === false]
    : [name, value];
}
