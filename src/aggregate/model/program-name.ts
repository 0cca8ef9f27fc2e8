/** What a person would call a program. In: its file, comm and first arguments. Out: a short name. Pure. */
import { basename } from 'node:path';

/** Interpreters whose first plain argument says more than their own name. */
const INTERPRETER = /^((ba|da|z|k|fi|a)?sh|python[\d.]*|perl[\d.]*|ruby[\d.]*|node(js)?|php[\d.]*)$/;
/** One file, many programs: the name it was called by is in comm. */
const MULTI_CALL = /^(busybox|toybox|coreutils)$/;

/** "nginx", "bash loop.sh", "python3 worker.py": what a person would call it. */
export function shortName(exe: string | null, comm: string | null, args: readonly string[]): string | null {
  const file = exe === null ? null : basename(exe);
  if (file === null || MULTI_CALL.test(file)) return comm ?? file;
  const script = INTERPRETER.test(file) ? scriptOf(args) : null;
  return script === null ? file : `${file} ${script}`;
}

/** The first argument that is no option, when the interpreter was given a file: not after -c, -e or -m's like. */
function scriptOf(args: readonly string[]): string | null {
  for (const arg of args.slice(1)) {
    if (/^-(c|e|p|r|-eval|-print)$/.test(arg)) return null;
    if (arg !== '' && !arg.startsWith('-')) return basename(arg);
  }
  return null;
}
