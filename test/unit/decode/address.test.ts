import { describe, expect, it } from 'vitest';
import { addressText } from '../../../src/decode/address.js';
import { addressBytes } from '../../support/records.js';

const groups = (...words: number[]) => Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255]));

describe('an address as text', () => {
  it.each([
    ['10.0.0.9', '10.0.0.9'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
  ])('prints IPv4 %s, also v4-mapped, as %s', (address, text) => {
    expect(addressText(addressBytes(address))).toBe(text);
  });

  it.each([
    [
      'drops leading zeros of a group',
      groups(0x2001, 0xdb8, 0x1, 0x20, 0x300, 1, 2, 3),
      '2001:db8:1:20:300:1:2:3',
    ],
    ['writes lower case', groups(0xabcd, 0xef01, 1, 2, 3, 4, 5, 0xfffe), 'abcd:ef01:1:2:3:4:5:fffe'],
    ['shortens the longest run of zeros', groups(0x2001, 0, 0, 1, 0, 0, 0, 1), '2001:0:0:1::1'],
    ['shortens the first of two equal runs', groups(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1), '2001:db8::1:0:0:1'],
    ['keeps a single zero group', groups(0x2001, 0xdb8, 0, 1, 1, 1, 1, 1), '2001:db8:0:1:1:1:1:1'],
    ['shortens a run at the start', groups(0, 0, 0, 0, 0, 0, 0, 1), '::1'],
    ['shortens a run at the end', groups(0xfe80, 0, 0, 0, 0, 0, 0, 0), 'fe80::'],
    ['prints the unspecified address', groups(0, 0, 0, 0, 0, 0, 0, 0), '::'],
    [
      'keeps an address that only looks mapped in hexadecimal',
      groups(0, 0, 0, 0, 1, 0xffff, 1, 2),
      '::1:ffff:1:2',
    ],
    ['keeps the IPv4-compatible form in hexadecimal', groups(0, 0, 0, 0, 0, 0, 0x102, 0x304), '::102:304'],
  ])('%s, as RFC 5952 says', (_, bytes, text) => {
    expect(addressText(bytes)).toBe(text);
  });

  it('reads back as the same address, whatever the bytes', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const bytes = Uint8Array.from(
        { length: 16 },
        (_, i) => (Math.imul(seed, 2654435761) >>> i) & (i % 3 ? 0xff : 0),
      );
      expect(addressBytes(addressText(bytes))).toEqual(bytes);
    }
  });
});
