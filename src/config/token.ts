/** The token in a file. In: the file's path. Out: the token. */
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { PortchurnError } from '../protocol/errors.js';

/** Shorter ones can be guessed: 16 characters of base64 are 96 bits. */
const MIN_BYTES = 16;
/** S_IROTH, inode(7). */
const OTHERS_READ = 0o004;

/**
 * The file's text without surrounding white space. Throws USAGE when there is none, it could not be a header or be guessed, or
 * every local user can read it; a group may (a secret that Kubernetes mounts, a group of operators).
 */
export function readToken(path: string): string {
  const { text, stats } = read(path);
  const token = text.trim();
  const fault = faultOf(token, stats);
  if (fault === null) return token;
  throw new PortchurnError('USAGE', `token file ${path} ${fault.what}`, { hint: fault.fix(path) });
}

interface Fault {
  what: string;
  fix: (path: string) => string;
}

const withNew = (path: string) => `openssl rand -hex 32 > ${path} && chmod 600 ${path}`;

function faultOf(token: string, stats: Stats): Fault | null {
  if (token === '') return { what: 'is empty', fix: withNew };
  if (!/^[\x21-\x7e]+$/.test(token))
    return { what: 'holds something other than one printable ASCII word', fix: withNew };
  if (token.length < MIN_BYTES)
    return { what: `holds ${token.length} bytes, a token has at least ${MIN_BYTES}`, fix: withNew };
  if (stats.isFile() && (stats.mode & OTHERS_READ) !== 0)
    return { what: 'can be read by every local user', fix: (path) => `chmod o-rwx ${path}` };
  return null;
}

/** Text and mode of the same file, whatever its name leads to in the next moment. */
function read(path: string): { text: string; stats: Stats } {
  try {
    const file = openSync(path, 'r');
    try {
      return { stats: fstatSync(file), text: readFileSync(file, 'utf8') };
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PortchurnError('USAGE', `cannot read the token file: ${reason}`, { cause });
  }
}
