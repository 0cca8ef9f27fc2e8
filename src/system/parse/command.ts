/**
 * Which program a process runs, as a person would say it. In: its executable, comm, arguments. Out: what it was called by, and
 * the script that its interpreter runs. Pure, and without a look at files: links of others may lead anywhere
 * (docs/decisions/program-names.md). Texts are whatever the process chose: bounded here, escaped where they are printed.
 */
import { basename } from 'node:path';
import type { Args } from './cmdline.js';
import { type Inline, isInterpreter, runOf, titleOf } from './interpreters.js';

/** What a command line says. */
export interface Command {
  /** The name it was called by, or the first word of its title; null: the command line is not known. */
  readonly calledAs: string | null;
  /** The script as it was given, or what takes its place; null: there is none, or it is not known. */
  readonly script: string | null;
  /** The script's name; null as `script`. */
  readonly label: string | null;
  /** The program is an argument, and there is no script. */
  readonly inline: Inline | null;
}

export const UNKNOWN_COMMAND: Command = { calledAs: null, script: null, label: null, inline: null };

/** What the kernel keeps of a name in comm: bytes. */
const COMM_BYTES = 15;
/** Characters of a name, and of a script with its path. */
const LONGEST_NAME = 64;
const LONGEST_SCRIPT = 256;
/** One file, many programs. */
const MULTI_CALL = /^(busybox|toybox|coreutils)$/;

export function commandOf(exe: string | null, comm: string | null, args: Args): Command {
  const [first] = args.head;
  if (first === undefined) return UNKNOWN_COMMAND;
  const calledAs = nameIn(first);
  const names = [exe === null ? null : basename(exe), calledAs, comm];
  const interpreter = names.find((name) => name !== null && isInterpreter(name)) ?? null;
  const title = titleOf(args);
  const run = interpreter === null ? null : runOf(interpreter, args);
  const script = title ?? run?.script ?? null;
  if (script === null) return { calledAs, script, label: null, inline: run?.inline ?? null };
  return {
    calledAs,
    script: ends(script, LONGEST_SCRIPT),
    label: title ?? ends(labelOf(script), LONGEST_NAME),
    inline: null,
  };
}

/** "/opt/orders.py" is called orders.py, "-m orders" orders. */
function labelOf(script: string): string {
  return script.startsWith('-m ') ? script.slice(3) : basename(script) || script;
}

/** `-bash` is a login shell; `nginx: worker process` a title. Null when nothing of it is a name. */
function nameIn(first: string): string | null {
  const [word = ''] = first.split(/\s/, 1);
  return ends(basename(word).replace(/^-|:$/g, ''), LONGEST_NAME) || null;
}

/** Both ends of what is too long, which tell more than its beginning. */
function ends(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const half = (longest - 1) >> 1;
  return `${text.slice(0, half)}…${text.slice(-half)}`;
}

/**
 * The file's name, or that of the link it was called by: exec() writes that into comm, and a shell into argv[0]. One of the two
 * alone may be anything: a main thread's name, a script's, a secret behind `exec -a`.
 * @param trusted comm alone is believed where argv is not known, argv[0] where nothing else is; and it says how a cut comm goes on
 */
export function calledName(
  exe: string | null,
  comm: string | null,
  calledAs: string | null,
  trusted: boolean,
): string | null {
  const file = exe === null ? null : ends(basename(exe), LONGEST_NAME);
  const agreed = calledAs !== null && isCommOf(comm, calledAs) ? (trusted ? calledAs : comm) : null;
  if (file === null) return agreed ?? (trusted ? (comm ?? calledAs) : null);
  if (isCommOf(comm, file) && !MULTI_CALL.test(file)) return isVersionOf(file, calledAs) ? calledAs : file;
  if (agreed !== null) return agreed;
  if (isVersionOf(file, calledAs)) return calledAs;
  if (MULTI_CALL.test(file) && calledAs !== null && isInterpreter(calledAs)) return calledAs;
  return trusted && comm !== null && (calledAs === null || MULTI_CALL.test(file)) ? comm : file;
}

function isCommOf(comm: string | null, name: string): boolean {
  if (comm === null) return false;
  return comm === name || (Buffer.byteLength(comm) >= COMM_BYTES && name.startsWith(comm));
}

/** python3 is a link to python3.11. */
function isVersionOf(file: string, name: string | null): name is string {
  return name !== null && name !== '' && file.startsWith(name) && /^[-\d.]+$/.test(file.slice(name.length));
}
