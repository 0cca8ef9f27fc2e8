/** The words that page and terminal share and that are no budget's. */
import { describe, expect, it } from 'vitest';
import { hex, spelled } from '../../../src/protocol/format.js';
import { evidenceText } from '../../../src/view/evidence.js';
import { lossesOf, lossText } from '../../../src/view/losses.js';
import { totals } from '../publish/rows.js';

describe('losses', () => {
  const lossy = { lost: { ring: 10, recursion: 2, storage: 0, total: 12 } };

  it('are counted once, though every namespace carries them', () => {
    const rows = [totals('1', lossy), totals('2', lossy)];
    expect(lossesOf(rows)).toEqual(lossy.lost);
    expect(lossesOf([])).toBeNull();
  });

  it('say whether counts are a lower bound', () => {
    const text = (rows: Parameters<typeof lossesOf>[0], unit?: string) =>
      lossText(lossesOf(rows)!, rows, unit);
    expect(text([totals('1', lossy)])).toBe('12 events lost, counts stayed exact');
    expect(text([totals('1', lossy), totals('2', { ...lossy, lowerBound: true })])).toBe(
      '12 events lost: some counts are lower bounds',
    );
    const lost = { ring: 1234, recursion: 0, storage: 0, total: 1234 };
    expect(text([totals('1', { lost })], '')).toBe('1,234, counts stayed exact');
  });
});

it('the value of evidence is a number with one decimal at most, or a text, or unknown', () => {
  expect([312.44, 26_811, '12 %', null].map((value) => evidenceText({ value }))).toEqual([
    '312.4',
    '26,811',
    '12 %',
    null,
  ]);
});

describe('hostile characters', () => {
  const spell = (text: string) => spelled(text, (character) => `<${hex(character)}>`);

  it.each([
    ['\u001b[2J', '<001b>[2J'],
    ['\u009b31m', '<009b>31m'],
    ['a\u202eb\u2066c', 'a<202e>b<2066>c'],
    ['zero\u200bwidth\u180e', 'zero<200b>width<180e>'],
    ['half \ud800 pair \udc00', 'half <d800> pair <dc00>'],
    ['größe 日本語 😀', 'größe 日本語 😀'],
  ])('in %j are spelt out, and no other', (text, safe) => expect(spell(text)).toBe(safe));
});
