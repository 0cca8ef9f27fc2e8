/** Before the tier: the packages, made as a user of the clone makes them; meanwhile what they are installed with is fetched. */
import { ROOT } from '../../scripts/lib/run.js';
import { must } from '../support/process.js';
import { fetchRuntimes } from './artefacts.js';
import { system } from './debian.js';

const WITHIN_MS = 600_000;

export default async function setup(): Promise<void> {
  const words = ['npm', 'run', '--silent', 'package', '--', 'npm', 'tar'];
  await Promise.all([must(words, { cwd: ROOT, withinMs: WITHIN_MS }), fetchRuntimes(), system('bookworm')]);
}
