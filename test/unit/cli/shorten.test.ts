/** Names that others have made as long and as strange as they like, in sentences on a screen. */
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { shortener } from '../../../src/cli/screen/shorten.js';
import { printable } from '../../../src/cli/screen/text.js';

const MOST = 640;
const LONG = 4000;
const REST = 'tries 92 connections/s to 10.77.0.9:5432; 2,000 ports allow 33/s.';
const sentence = (name: string) => `${name} (pid 4242) ${REST}`;
const shortenerAt = (columns: number, ...names: string[]) => shortener(names, columns, '…');

const NAMES: [string, string][] = [
  ['one word', 'n'.repeat(LONG)],
  ['many words', 'name of many words '.repeat(LONG / 19)],
  ['escapes', '\u001b[2J\u001b]0;owned\u0007'.repeat(LONG / 14)],
  ['newlines', 'line\r\n'.repeat(LONG / 6)],
  ['marks of direction', '\u202egnp\u2066\u200f'.repeat(LONG / 6)],
  ['wide characters', '端口'.repeat(LONG / 2)],
  ['faces', '😀'.repeat(LONG / 2)],
  ['marks that take no cell', `a${'\u0301'.repeat(LONG)}`],
  ['what a replacement would take for its own words', "$&$`$'$1".repeat(LONG / 8)],
];

describe.each(NAMES)('a name of 4,000 characters: %s', (_, name) => {
  it('is bounded and escaped, and the sentence around it can be read', () => {
    const text = shortenerAt(80, name)(sentence(name));
    expect(text).toContain('…');
    expect(text.endsWith(` (pid 4242) ${REST}`)).toBe(true);
    expect([...text].length).toBeLessThanOrEqual(64 + sentence('').length);
    expect(stringWidth(text)).toBeLessThanOrEqual(64 + sentence('').length);
    expect(printable(text)).toBe(text);
  });

  it('leaves the words between two of them', () => {
    const text = shortenerAt(80, name)(`${name} holds the ports of ${name} (pid 7): ${REST}`);
    expect(text).toMatch(/ holds the ports of .* \(pid 7\): tries 92/);
  });

  it('is bounded where no row has it', () => {
    const text = shortenerAt(80)(sentence(name));
    expect([...text].length).toBeLessThanOrEqual(MOST);
    expect(text.endsWith(` (pid 4242) ${REST}`)).toBe(true);
    expect(printable(text)).toBe(text);
  });
});

it('has no word that is wider than the screen', () => {
  const words = shortenerAt(40)(`${'w'.repeat(200)} and ${'端'.repeat(200)}`).split(' ');
  for (const word of words) expect(stringWidth(word)).toBeLessThanOrEqual(40 - 16);
});

it('leaves ordinary names, paths and sentences as they are', () => {
  const text = `${sentence('checkout-importer.py')} /etc/sysctl.d/90-portchurn-ip_local_reserved_ports.conf keeps it.`;
  expect(shortenerAt(80, 'checkout-importer.py')(text)).toBe(text);
});

it('cuts nothing in a file or a pipe', () => {
  const name = 'n'.repeat(LONG);
  expect(shortenerAt(Number.POSITIVE_INFINITY, name)(`\u001b${sentence(name)}`)).toBe(
    `\\x1b${sentence(name)}`,
  );
});
