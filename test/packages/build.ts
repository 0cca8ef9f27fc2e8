/** Before the tier: the packages, made as a user of the clone makes them; meanwhile what they are installed with is fetched. */
import { fetchRuntimes } from './artefacts.js';
import { system } from './debian.js';
import { makePackages } from './make.js';

export default async function setup(): Promise<void> {
  await Promise.all([makePackages('npm', 'tar'), fetchRuntimes(), system('bookworm')]);
}
