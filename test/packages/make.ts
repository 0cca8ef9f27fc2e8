/** Packages, made as a user of the clone makes them. In: their kinds. Whatever makes them ends when it takes too long. */
import { ROOT } from '../../scripts/lib/run.js';
import { patient } from '../support/patience.js';
import { must } from '../support/process.js';

/** Of a busy machine: it compiles, downloads, and packs some hundred megabytes. */
const WITHIN_MS = 900_000;
/** Of a test that does so. */
export const MAKES = { timeout: patient(WITHIN_MS + 60_000) };

export async function makePackages(...kinds: string[]): Promise<void> {
  const words = ['npm', 'run', '--silent', 'package', '--', ...kinds];
  await must(words, { cwd: ROOT, withinMs: WITHIN_MS, group: true });
}
