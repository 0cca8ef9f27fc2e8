/**
 * Interpreters: where in their arguments the program is. In: what is called, its arguments. Out: the script as it was given
 * ("/opt/orders.py", "-m orders", "com.example.Main"), or the program itself (`-c`); null: a shell that reads its input, or an
 * argument that is not known. Pure.
 */
import { createHash } from 'node:crypto';
import type { Args } from './cmdline.js';

interface Grammar {
  /** A program in what follows in the argument, or in the next one; or from stdin. */
  readonly inline: RegExp;
  /** Each call may have another program, which says nothing: `sh -c 'curl …'`. */
  readonly anyInline?: boolean;
  /** Options whose value is the next argument. */
  readonly valued: RegExp;
  /** A module by its name, which follows or is the rest of the argument. */
  readonly module?: RegExp;
  /** Commands of the interpreter, in front of the script. */
  readonly command?: RegExp;
  /** What a script looks like, where not every argument is one. */
  readonly script?: RegExp;
}

const NEVER = /(?!)/;
const SHELL: Grammar = {
  inline: /^-(?!-)[a-zA-Z]*[cs]/,
  anyInline: true,
  valued: /^[-+][a-zA-Z]*[oO]$|^--(rcfile|init-file)$/,
};
const PYTHON: Grammar = {
  inline: /^-[bBdEhiIOPqsSuvVx]*c/,
  valued: /^-[bBdEhiIOPqsSuvVx]*[WX]$|^--check-hash-based-pycs$/,
  module: /^-[bBdEhiIOPqsSuvVx]*m(.*)$/,
};
const NODE: Grammar = {
  inline: /^(-e|-p|-pe|--eval|--print|-i|--interactive)(=|$)/,
  valued: /^(-r|-C|--(require|import|loader|experimental-loader|conditions|title|env-file|input-type))$/,
};

/** By the name of the file, or of the link to it. */
const GRAMMARS: readonly [RegExp, Grammar][] = [
  [/^(ba|da|z|k|mk|fi|a)?sh$/, SHELL],
  [/^(python|pypy)[\d.]*$/, PYTHON],
  [/^node(js)?$/, NODE],
  [
    /^(bun|deno)$/,
    { ...NODE, inline: /^(-e|-p|--eval|--print|eval|repl)(=|$)/, command: /^(run|serve|exec)$/ },
  ],
  [/^perl[\d.]*$/, { inline: /^-[acnpsStTuUwWXfl0-9]*[eE]/, valued: /^-[acnpsStTuUwWX]*I$/ }],
  [/^ruby[\d.]*$/, { inline: /^-[acdlnpsSvwWy0-9]*e/, valued: /^-[acdlnpsSvwWy]*[IrCE]$/ }],
  [/^php[\d.]*$/, { inline: /^-[rBREF]|^--run$/, valued: /^-[SctdzI]$/ }],
  [/^(lua|luajit)[\d.]*$/, { inline: /^-e/, valued: /^-l$/ }],
  [/^(Rscript|tclsh[\d.]*|mono)$/, { inline: /^-e$/, valued: NEVER }],
  [/^dotnet$/, { inline: NEVER, valued: NEVER, command: /^exec$/, script: /\.(dll|exe)$/ }],
];
const JAVA = /^java$/;

/** Pools and applications that a program puts into its title. */
const TITLES: readonly RegExp[] = [/^php-fpm[\d.]*: pool \S+/, /^gunicorn: \w+ \[[^\]]+\]/];

/** Open files are no scripts: whoever is called with another one is another program. */
const DESCRIPTOR = /^\/dev\/(fd\/|stdin)|^\/proc\/\w+\/fd\//;

/** Null: it is no interpreter. */
function grammarOf(name: string): Grammar | null {
  return GRAMMARS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

export function isInterpreter(name: string): boolean {
  return JAVA.test(name) || grammarOf(name) !== null;
}

/** A program that is an argument itself. */
export interface Inline {
  /** "-c" */
  readonly option: string;
  /** Of its beginning, without its numbers. */
  readonly hash: string;
}

export interface Run {
  readonly script: string | null;
  readonly inline: Inline | null;
}
const UNKNOWN: Run = { script: null, inline: null };

/** @param name of the interpreter */
export function runOf(name: string, args: Args): Run {
  if (JAVA.test(name)) return { script: javaOf(args), inline: null };
  const grammar = grammarOf(name);
  return grammar === null ? UNKNOWN : scan(args, grammar);
}

/** The part of a title that says which of its programs this is: "php-fpm: pool www". */
export function titleOf({ head }: Args): string | null {
  const [title = ''] = head;
  for (const pattern of TITLES) {
    const found = pattern.exec(title);
    if (found !== null) return found[0].replace(/^gunicorn: \w+/, 'gunicorn:');
  }
  return null;
}

/** Without the one that is cut. */
function known({ head, tail }: Args): readonly string[] {
  return tail === null ? head : head.slice(0, -1);
}

function scan(all: Args, grammar: Grammar): Run {
  const args = known(all);
  const script = (script: string | null): Run => ({ script, inline: null });
  for (let at = 1; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === '--') return script(plain(args[at + 1], grammar));
    if (arg === '-') return UNKNOWN;
    if (grammar.inline.test(arg)) return { script: null, inline: inlineOf(all, at, grammar) };
    const module = grammar.module?.exec(arg);
    if (module) return script(moduleOf(module[1] || args[at + 1]));
    if (grammar.valued.test(arg)) at += 1;
    else if (!/^[-+]/.test(arg) && arg !== '' && !grammar.command?.test(arg))
      return script(plain(arg, grammar));
  }
  return UNKNOWN;
}

/** What tells one program from another: more than the kernel's record has of one that is cut, less than /proc has. */
const INLINE_CHARACTERS = 1024;

/** Numbers are left out: workers of one pool differ in the descriptors that they are told, calls in a loop in what they fetch. */
function inlineOf({ head, tail }: Args, at: number, { inline, anyInline }: Grammar): Inline | null {
  const [option = ''] = inline.exec(head[at] as string) ?? [];
  const rest = (head[at] as string).slice(option.length);
  const code = rest === '' ? head[at + 1] : rest;
  if (anyInline || code === undefined) return null;
  const isCut = tail !== null && at + (rest === '' ? 2 : 1) >= head.length;
  if (isCut && code.length < INLINE_CHARACTERS) return null;
  const text = code.slice(0, INLINE_CHARACTERS).replace(/\d+/g, '0');
  return { option: shortOf(option), hash: createHash('sha256').update(text).digest('base64url') };
}

/** "-ISc" is "-c" with others before it. */
function shortOf(option: string): string {
  return option.startsWith('-') && !option.startsWith('--') ? `-${option.at(-1)}` : option.replace(/=$/, '');
}

const moduleOf = (name: string | undefined) => (name === undefined || name === '' ? null : `-m ${name}`);

function plain(arg: string | undefined, { script }: Pick<Grammar, 'script'>): string | null {
  if (arg === undefined || DESCRIPTOR.test(arg)) return null;
  return script === undefined || script.test(arg) ? arg : null;
}

const JAVA_GRAMMAR: Grammar = {
  inline: NEVER,
  valued:
    /^(-cp|-classpath|--class-path|-p|--module-path|--upgrade-module-path|--(add|limit)-modules|--add-(exports|opens|reads)|--patch-module|--source|-D)$/,
  script: /^[\p{L}_$][\p{L}\p{N}_$./-]*$/u,
};
const JAR = /^(-jar|-m|--module)$/;
/** What the end of a classpath looks like: the class is next, or options and then the class. */
const CLASSPATH_END = /\.jar$|\/\*?$|[:/]/;

/** `-jar FILE`, `-m MODULE`, or the main class; behind what is missing only when that was the rest of a classpath or an option. */
function javaOf(args: Args): string | null {
  const head = known(args);
  const found = programOf(head, 1);
  if (found !== undefined || args.tail === null) return found ?? null;
  const [end, ...rest] = args.tail;
  const cut = args.head.at(-1) ?? '';
  const isOption = cut.startsWith('-') || JAVA_GRAMMAR.valued.test(head.at(-1) ?? '');
  return isOption && CLASSPATH_END.test(end ?? '') ? (programOf(rest, 0) ?? null) : null;
}

function programOf(args: readonly string[], from: number): string | null | undefined {
  for (let at = from; at < args.length; at++) {
    const arg = args[at] as string;
    if (JAR.test(arg)) return args[at + 1] ?? null;
    if (JAVA_GRAMMAR.valued.test(arg)) at += 1;
    else if (!/^[-@]/.test(arg)) return plain(arg, JAVA_GRAMMAR);
  }
  return undefined;
}
