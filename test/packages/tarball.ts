/** The tarball in a bare Debian, used as somebody uses it in an incident: copied, unpacked, run. */
import { expect } from 'vitest';
import { patient } from '../support/patience.js';
import { must } from '../support/process.js';
import type { Scope } from '../support/scope.js';
import { asUnit } from '../support/unit.js';
import { NAME, TARBALL, VERSION } from './artefacts.js';
import { namesCulprit, scene } from './culprit.js';
import { Debian } from './debian.js';

export const TARBALL_PROGRAM = `/opt/${NAME}/bin/portchurn`;
/** What an operator waits for the first answer, from having the file. */
const FIRST_ANSWER_MS = 15_000;

export type As = (...words: string[]) => string[];

/** Who traces. */
export const WAYS: readonly { who: string; as: As }[] = [
  { who: 'root', as: (...words) => words },
  { who: 'an ordinary user with the capabilities of the unit', as: asUnit },
];

/** What each package says of itself. */
export async function isThisVersion(portchurn: string[]): Promise<void> {
  await must([...portchurn, 'doctor']);
  const { stdout } = await must([...portchurn, '--version']);
  expect(stdout).toMatch(new RegExp(`^${VERSION} \\([0-9a-f]{12}(-changed)?\\)\\n$`));
}

/** `release`: its name, such as "bookworm". */
export async function namesFromTarball(scope: Scope, release: string, as: As): Promise<void> {
  const debian = await Debian.create(scope, release);
  await must(debian.words('sh', '-c', '! command -v node cc gcc clang'));
  const began = performance.now();
  await debian.copy(TARBALL, 'tmp/portchurn.tar.gz');
  await must(debian.words('tar', '-xzf', '/tmp/portchurn.tar.gz', '-C', '/opt'));
  const portchurn = debian.words(...as(TARBALL_PROGRAM));
  const service = await scene(scope, portchurn);
  await namesCulprit(portchurn, service);
  expect(performance.now() - began).toBeLessThan(patient(FIRST_ANSWER_MS));
  await isThisVersion(portchurn);
}
