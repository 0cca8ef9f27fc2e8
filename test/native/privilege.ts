/** The addon in a process that has lost every capability (root keeps only its files). */
import { fileURLToPath } from 'node:url';
import { must } from '../support/process.js';

const ADDON = fileURLToPath(new URL('../../out/Release/portchurn.node', import.meta.url));

/** Opens twice: what is left of the first attempt would show in the second. */
export const loadedByRoot =
  'try { addon.openTracer({ ringBytes: 65536, syscalls: true }) } catch {} addon.openTracer({ ringBytes: 65536, syscalls: true })';

/** What `code`, which may use `addon`, throws there: its enumerable parts and message. */
export async function withoutPrivilege<Thrown>(code: string): Promise<Thrown> {
  const script = `const addon = require(${JSON.stringify(ADDON)});
try { ${code}; console.log('null'); } catch (error) { console.log(JSON.stringify({ ...error, message: error.message })); }`;
  const bare = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--'];
  const { stdout } = await must([...bare, process.execPath, '-e', script]);
  return JSON.parse(stdout) as Thrown;
}
