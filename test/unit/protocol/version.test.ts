/** Which commit a clone is at, by git's own files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { commitOf } from '../../../src/protocol/version.js';
import { testScope } from '../../support/scope.js';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const SHOWN = '0123456789ab';

/** A clone with these files in its .git. */
function clone(files: Record<string, string>): URL {
  const root = testScope().directory();
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, '.git', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return pathToFileURL(`${root}/`);
}

it.each([
  ['a branch', { HEAD: 'ref: refs/heads/main\n', 'refs/heads/main': `${COMMIT}\n` }, SHOWN],
  [
    'a packed branch',
    {
      HEAD: 'ref: refs/heads/main\n',
      'packed-refs': `# pack-refs\n${'f'.repeat(40)} refs/heads/mainly\n${COMMIT} refs/heads/main\n`,
    },
    SHOWN,
  ],
  ['a commit', { HEAD: `${COMMIT}\n` }, SHOWN],
  ['a branch without a commit', { HEAD: 'ref: refs/heads/main\n' }, null],
  ['something else', { HEAD: 'nothing that git writes\n' }, null],
  ['no clone', {}, null],
])('the commit of %s', (_, files, expected) => {
  expect(commitOf(clone(files as Record<string, string>))).toBe(expected);
});
