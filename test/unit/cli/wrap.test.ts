/** Lines that fit: no word is broken, and a command that was parted is the same command to a shell. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cutAtWord, wrapped, wrappedCommand } from '../../../src/cli/screen/wrap.js';

describe('prose', () => {
  it('goes on where its words began', () => {
    expect(wrapped('   one two three', 11)).toEqual(['   one two', '   three']);
    expect(wrapped('1. WARNING  one two', 16)).toEqual(['1. WARNING  one', '   two']);
  });

  it('leaves a word whole that is wider than the terminal', () => {
    expect(wrapped('  a bbbbbbbbbbbb c', 8)).toEqual(['  a', '  bbbbbbbbbbbb', '  c']);
  });

  it('is cut behind a word, or in one where that is nearly all there is', () => {
    expect(cutAtWord('one two three', 9, '…')).toBe('one two …');
    expect(cutAtWord('one two', 7, '…')).toBe('one two');
    expect(cutAtWord('a bbbbbbbbbbbb', 8, '…')).toBe('a bbbbb…');
  });

  it('has the width of what is shown, not of its characters', () => {
    expect(wrapped('端口 端口', 8)).toEqual(['端口', '端口']);
  });
});

describe('a command', () => {
  const ECHO = `printf '[%s]' `;
  it.each([
    'a "$(printf %s one two three four five)" b "c  d e" f\\ g',
    `'it is one word, however long it may be' "and $(printf '%s ' "so is this") one" end`,
    `one two "three (four) five" 'six "seven" eight' nine \\"ten`,
  ])('is the same to a shell, in however many lines: %s', (words) => {
    const whole = execFileSync('sh', ['-c', `${ECHO}${words}`], { encoding: 'utf8' });
    const lines = wrappedCommand(`${ECHO}${words}`, 24);
    expect(lines.length).toBeGreaterThan(2);
    expect(execFileSync('sh', ['-c', lines.join('\n')], { encoding: 'utf8' })).toBe(whole);
  });

  it('stays as it is where it fits', () => {
    expect(wrappedCommand('  $ sysctl -w a="b c"', 80)).toEqual(['  $ sysctl -w a="b c"']);
  });
});
