/** What packages are made of: what the addon needs, what is inside the bundles, how it is written down. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unmetNeeds } from '../../../scripts/package/addon.js';
import { packagesIn } from '../../../scripts/package/bundled.js';
import { choiceOf } from '../../../scripts/package/choice.js';
import { licencesOf, sbomOf } from '../../../scripts/package/sbom.js';
import { VERSION } from '../../../src/protocol/version.js';

describe('the addon needs of a system', () => {
  const needed = (name: string) => ` 0x0000000000000001 (NEEDED)             Shared library: [${name}]\n`;
  const symbol = (version: string) => `  000: 0 (*local*)       2 (${version})\n`;

  it('nothing that glibc 2.28 lacks', () => {
    const loaders = ['ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1'];
    const libraries = ['libc.so.6', 'libm.so.6', 'libpthread.so.0', 'libdl.so.2', ...loaders];
    const versions = ['GLIBC_2.2.5', 'GLIBC_2.17', 'GLIBC_2.28'];
    expect(unmetNeeds(libraries.map(needed).join(''), versions.map(symbol).join(''))).toEqual([]);
  });

  it.each([
    ['libelf.so.1', '', 'libelf.so.1'],
    ['libstdc++.so.6', '', 'libstdc++.so.6'],
    ['libc.so.6', 'GLIBC_2.29', 'GLIBC_2.29'],
    ['libc.so.6', 'GLIBC_2.30', 'GLIBC_2.30'],
    ['libc.so.6', 'GLIBCXX_3.4.11', 'GLIBCXX_3.4.11'],
    ['libc.so.6', 'GCC_3.0', 'GCC_3.0'],
  ])('not %s %s', (library, version, unmet) => {
    expect(unmetNeeds(needed(library), symbol(version))).toEqual([unmet]);
  });
});

describe('asked for', () => {
  const asked = (text: string) => choiceOf(text.split(' '));

  it('all, packages are for both processors', () => {
    expect(asked('all')).toEqual({ kinds: ['npm', 'tar', 'deb', 'image'], archs: ['x64', 'arm64'] });
  });

  it('some, they are for x64 or for those that are named; an image takes the tarball that it is made of', () => {
    expect(asked('tar npm')).toEqual({ kinds: ['npm', 'tar'], archs: ['x64'] });
    expect(asked('image')).toEqual({ kinds: ['tar', 'image'], archs: ['x64'] });
    expect(asked('tar --arch arm64')).toEqual({ kinds: ['tar'], archs: ['arm64'] });
    expect(asked('npm --arch arm64 --arch x64')).toEqual({ kinds: ['npm'], archs: ['x64', 'arm64'] });
  });

  it.each(['', 'rpm', 'npm rpm', 'npm all', '--arch arm64', 'tar --arch mips', 'tar --arch', 'tar --fast'])(
    '"%s", it says what there is',
    (text) => {
      expect(() => asked(text)).toThrow(/npm\|tar\|deb\|image\|all/);
    },
  );

  it('a Debian package for arm64, it says that there is none', () => {
    expect(() => asked('tar deb --arch arm64')).toThrow('deb and image are made for x64 only');
  });
});

it('a bundle’s packages are those of its source map, a package’s own ones too', () => {
  const sources = [
    '../../src/main.ts',
    '../../node_modules/ws/lib/sender.js',
    '../../node_modules/@hono/node-server/dist/index.mjs',
    '../../node_modules/pino/node_modules/semver/index.js',
    '\0rolldown/runtime.js',
  ];
  expect(packagesIn(JSON.stringify({ sources }))).toEqual([
    'node_modules/ws',
    'node_modules/@hono/node-server',
    'node_modules/pino/node_modules/semver',
  ]);
});

it('docs/install.md names the packages of this version', () => {
  const text = readFileSync(new URL('../../../docs/install.md', import.meta.url), 'utf8');
  const named = [...text.matchAll(/portchurn-(\d+\.\d+\.\d+)(-linux-(x64|arm64))?/g)].map(
    ([, version]) => version,
  );
  expect([...new Set(named)]).toEqual([VERSION]);
});

describe('what is in a package', () => {
  const part = {
    name: 'ws',
    version: '8.1.0',
    licence: 'MIT OR ISC',
    text: 'Do what you like.',
    purl: 'pkg:npm/ws@8.1.0',
    integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}`,
  };
  const source = { commit: '0123456789ab', time: new Date(1_764_000_000_000) };

  it('is listed in CycloneDX, the same for the same parts', () => {
    const text = sbomOf([part], source);
    expect(sbomOf([part], source)).toBe(text);
    expect(JSON.parse(text)).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: {
        timestamp: source.time.toISOString(),
        component: { name: 'portchurn', version: expect.stringMatching(/^\d+\.\d+\.\d+\+0123456789ab$/) },
      },
      components: [
        {
          name: 'ws',
          version: '8.1.0',
          purl: 'pkg:npm/ws@8.1.0',
          licenses: [{ expression: 'MIT OR ISC' }],
          hashes: [{ alg: 'SHA-512', content: '01'.repeat(64) }],
        },
      ],
    });
  });

  it('has its licence beside it', () => {
    expect(licencesOf([part])).toMatch(/\nws 8\.1\.0: MIT OR ISC\n=+\n\nDo what you like\.\n/);
  });
});
