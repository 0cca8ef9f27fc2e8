/**
 * Interpreters: where in their arguments the script is. In: what is called, its arguments. Out: the script as it was given
 * ("/opt/orders.py", "-m orders", "com.example.Main"), or null: an inline program, a shell that reads its input, or an argument
 * that is not known. Pure.
 */
import type { Args } from './cmdline.js';

interface Grammar {
  /** A program in an argument, or from stdin. */
  readonly inline: RegExp;
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

/** @param name of the interpreter */
export function scriptOf(name: string, args: Args): string | null {
  if (JAVA.test(name)) return javaOf(args);
  const grammar = grammarOf(name);
  return grammar === null ? null : (scan(known(args), 1, grammar) ?? null);
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

/** Undefined: the arguments ended before. */
function scan(args: readonly string[], from: number, grammar: Grammar): string | null | undefined {
  for (let at = from; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === '--') return plain(args[at + 1], grammar);
    if (arg === '-' || grammar.inline.test(arg)) return null;
    const module = grammar.module?.exec(arg);
    if (module) return moduleOf(module[1] || args[at + 1]);
    if (grammar.valued.test(arg)) at += 1;
    else if (!/^[-+]/.test(arg) && arg !== '' && !grammar.command?.test(arg)) return plain(arg, grammar);
  }
  return undefined;
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
