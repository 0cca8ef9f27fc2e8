/** Names of destinations: hosts files and the registry of services, as they are and as somebody could write them. */
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { KnownFile } from '../../../src/system/destinations/known-file.js';
import { SystemNames } from '../../../src/system/destinations/names.js';
import { parseHosts as parse } from '../../../src/system/parse/hosts.js';
import { parseServices } from '../../../src/system/parse/services.js';

const parseHosts = (text: string) => parse(Buffer.from(text));

it('a hosts file gives an address the first name of its first line', () => {
  const names = parseHosts(
    [
      '127.0.0.1 localhost',
      '::1 ip6-localhost',
      '10.77.0.9\tdb.internal db # the shop’s',
      '# 10.0.0.1 commented',
      '10.77.0.9 later',
      '  2001:DB8:0:0::1   six.internal',
      '::ffff:10.0.0.8 mapped',
    ].join('\r\n'),
  );
  expect([...names]).toEqual([
    ['10.77.0.9', 'db.internal'],
    ['2001:db8::1', 'six.internal'],
    ['10.0.0.8', 'mapped'],
  ]);
});

it.each([
  '10.0.0.1',
  '10.0.0.1 \u001b[31mred',
  '10.0.0.1 <b>bold</b>',
  '10.0.0.1 -option',
  `10.0.0.1 ${'a'.repeat(254)}`,
  '10.0.0.256 none',
  'fe80::1%eth0 link',
  '0x0a000001 hex',
  '\u0000',
])('nothing is read in the line %j', (line) => {
  expect(parseHosts(line).size).toBe(0);
});

it('an endless hosts file has an end', () => {
  const lines = Array.from({ length: 20_000 }, (_, at) => `10.0.${at >> 8}.${at & 255} n${at}`);
  expect(parseHosts(lines.join('\n')).size).toBe(10_000);
});

it('a list of 100,000 names of one address is one name, and what stands behind it is read', () => {
  const blocked = Array.from({ length: 100_000 }, (_, at) => `0.0.0.0 ad${at}.example`);
  expect([...parseHosts([...blocked, '10.77.0.9 db.internal'].join('\n'))]).toEqual([
    ['0.0.0.0', 'ad0.example'],
    ['10.77.0.9', 'db.internal'],
  ]);
});

it('what is no address, or says nothing, counts as looked at', () => {
  const lines = Array.from({ length: 20_000 }, (_, at) => `127.0.${at >> 8}.${at & 255} n${at}`);
  expect(parseHosts([...lines, '10.77.0.9 db.internal'].join('\n')).size).toBe(0);
});

it('the registry gives a TCP port its first name', () => {
  const names = parseServices(
    [
      'domain\t\t53/udp',
      'postgresql\t5432/tcp\tpostgres\t# PostgreSQL',
      'other 5432/tcp',
      '# gone 99/tcp',
      'large 70000/tcp',
      '\u001b[31m 7/tcp',
    ].join('\n'),
  );
  expect([...names]).toEqual([[5432, 'postgresql']]);
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'portchurn-names-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

it('a file is read again when it was written, replaced, or taken away, also behind a link', async () => {
  const at = directory();
  const link = join(at, 'hosts');
  symlinkSync(join(at, 'real'), link);
  const file = new KnownFile(link, (bytes) => bytes.toString(), 'absent');
  const now = async () => {
    await file.check();
    return file.value;
  };
  expect(await now()).toBe('absent');
  writeFileSync(join(at, 'real'), 'first');
  expect(await now()).toBe('first');
  writeFileSync(join(at, 'new'), 'second one');
  renameSync(join(at, 'new'), join(at, 'real'));
  expect(await now()).toBe('second one');
  rmSync(join(at, 'real'));
  expect(await now()).toBe('absent');
});

it('an address has a name in the host’s own namespace only', async () => {
  const hosts = join(directory(), 'hosts');
  writeFileSync(hosts, '10.77.0.9 db.internal\n');
  const names = new SystemNames(null, { hosts, host: 5 });
  await expect.poll(() => names.nameOf(5, '10.77.0.9', null)).toBe('db.internal');
  expect(names.nameOf(6, '10.77.0.9', null)).toBeNull();
  expect(names.nameOf(null, '10.77.0.9', null)).toBeNull();
  expect(names.nameOf(5, '10.77.0.8', null)).toBeNull();
});
