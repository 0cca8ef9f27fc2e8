/**
 * A command line as one line of text. In: the bytes between mm->arg_start and arg_end, arguments ended by NUL, as
 * /proc/PID/cmdline and process_event.cmdline give them. Out: text that can be pasted into a shell. Pure. Control
 * characters stay what they are: they are escaped where they are printed.
 */

/** What no shell interprets, whatever stands around it. */
const PLAIN = /^[\p{L}\p{N}_@%+=:,./-]+$/u;

/**
 * The arguments joined by blanks, quoted where a shell would need it; null when there are none (kernel thread, zombie).
 * A lone argument is not quoted: it is a title the program wrote over its arguments ("nginx: worker process").
 * @param cut the bytes are only the beginning; the text then ends in an ellipsis
 */
export function joinArgs(bytes: Uint8Array, cut = false): string | null {
  const args = split(bytes, cut);
  if (args.length === 0) return null;
  const line = args.length === 1 ? args[0]?.trimEnd() : args.map(quote).join(' ');
  return cut ? `${line}…` : `${line}`;
}

/** The first `limit` arguments as they are; a title written over the arguments is one. */
export function splitArgs(bytes: Uint8Array, limit: number): string[] {
  return split(bytes, false).slice(0, limit);
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

function quote(arg: string): string {
  return PLAIN.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
