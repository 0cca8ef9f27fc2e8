/** The token in a file. In: the file's path. Out: the token. */
import { readFileSync } from 'node:fs';
import { PortchurnError } from '../protocol/errors.js';

/** The file's text without surrounding white space. Throws USAGE when there is none, or it could not be a header. */
export function readToken(path: string): string {
  const token = read(path).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const fault = token === '' ? 'is empty' : 'holds something other than one printable ASCII word';
  throw new PortchurnError('USAGE', `token file ${path} ${fault}`, {
    hint: `openssl rand -hex 32 > ${path}`,
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PortchurnError('USAGE', `cannot read the token file: ${reason}`, { cause });
  }
}
