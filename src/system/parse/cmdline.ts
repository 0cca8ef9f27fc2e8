/**
 * A command line as its arguments and as one line of text. In: the bytes between mm->arg_start and arg_end, arguments ended by
 * NUL, as /proc/PID/cmdline and process_event.cmdline give them; of a long one its two ends, since java's class stands behind a
 * classpath of thousands of bytes. Out: arguments, and text that can be pasted into a shell. Pure. Control characters stay what
 * they are: they are escaped where they are printed.
 */

/** What no shell interprets, whatever stands around it. */
const PLAIN = /^[\p{L}\p{N}_@%+=:,./-]+$/u;

/** The two ends of a command line; `tail` null: `head` is all of it. An empty one: the rest is not known. */
export interface Ends {
  readonly head: Uint8Array;
  readonly tail: Uint8Array | null;
}

export interface Args {
  /** Where something is missing behind them, the last one is only a beginning. */
  readonly head: readonly string[];
  /** Behind what is missing, so the first one is only an end; null: nothing is missing. */
  readonly tail: readonly string[] | null;
}

export const NO_ARGS: Args = { head: [], tail: null };

export function argsOf({ head, tail }: Ends): Args {
  if (tail === null) return { head: split(head, false), tail: null };
  return { head: split(head, true), tail: split(afterCharacter(tail), false) };
}

/**
 * The arguments joined by blanks, quoted where a shell would need it, with an ellipsis where some are missing; null when there
 * are none (kernel thread, zombie). A lone argument is not quoted: it is a title the program wrote over its arguments ("nginx:
 * worker process").
 */
export function lineOf({ head, tail }: Args): string | null {
  if (head.length === 0) return null;
  const line = head.length === 1 ? `${head[0]?.trimEnd()}` : quoted(head);
  return tail === null ? line : `${line}…${quoted(tail)}`;
}

/**
 * What stands behind a program's name where arguments are hidden: whether there are any. Null: there is no command line. The first
 * one may be a title with arguments in it, and be chosen by whoever starts the program: nothing of it is shown.
 */
export function hiddenArgsOf({ head, tail }: Args): string | null {
  const [first] = head;
  if (first === undefined) return null;
  return head.length > 1 || /\S\s+\S/.test(first) || tail !== null ? ' …' : '';
}

/** Padding behind the last argument is no argument. */
function split(bytes: Uint8Array, cut: boolean): string[] {
  const text = decode(bytes, cut).replace(/\0+$/, '');
  return text === '' ? [] : text.split('\0');
}

/** Bytes that are no UTF-8 become U+FFFD; a character that the cut went through is left out. */
function decode(bytes: Uint8Array, cut: boolean): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: cut });
}

/** Without the bytes of a character (at most three) that began before the first byte. */
function afterCharacter(bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (at < 3 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return bytes.subarray(at);
}

const quoted = (args: readonly string[]) => args.map(quote).join(' ');

function quote(arg: string): string {
  return arg !== '' && PLAIN.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
