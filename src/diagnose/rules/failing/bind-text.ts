/** That a bind() fails, in the words that findings and incidents share. In: a failure's row, names. Out: a sentence without its end. Pure. */
import type { FailureRow } from '../../../protocol/rows.js';
import { rate, where } from '../../words.js';

/** Below it a port is for the privileged (ip_unprivileged_port_start). */
const FIRST_UNPRIVILEGED = 1024;

/** @param holder who has the port; null: it is not known */
export function bindText(
  { destination, cause, errno, perSec }: Pick<FailureRow, 'destination' | 'cause' | 'errno' | 'perSec'>,
  name: string,
  holder: string | null,
): string {
  const at = where(destination);
  const times = `${rate(perSec ?? 0)}/s fail (${errno})`;
  switch (cause) {
    case 'port-in-use':
      return holder === null
        ? `bind() of ${name} asks for ${at}, which is in use: ${times}`
        : `bind() of ${name} asks for ${at}, which ${holder} has: ${times}`;
    case 'not-permitted':
      return `bind() of ${name} may not have ${at}${lowPort(destination.port)}: ${times}`;
    case 'foreign-address':
      return `bind() of ${name} asks for ${at}, an address that is not here: ${times}`;
    default:
      return `bind() of ${name} fails at ${at}: ${times}`;
  }
}

const lowPort = (port: number | null) =>
  port !== null && port > 0 && port < FIRST_UNPRIVILEGED ? ', a port for privileged programs' : '';
