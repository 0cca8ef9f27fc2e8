import pc from 'picocolors';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { csv } from '../../../src/cli/screen/csv.js';
import type { Style } from '../../../src/cli/screen/style.js';
import { type Column, cut, tableLines } from '../../../src/cli/screen/table.js';
import { ASCII, jsonText, ndjson, printable, UNICODE } from '../../../src/cli/screen/text.js';
import { integer } from '../../../src/protocol/format.js';
import { flow } from './rows.js';

describe('printable', () => {
  it.each([
    ['\u001b[2J\u001b]0;owned\u0007', '\\x1b[2J\\x1b]0;owned\\x07'],
    ['a\r\nb\tc', 'a\\x0d\\x0ab\\x09c'],
    ['\u009b31m', '\\x9b31m'],
    ['user\u202egnp.exe', 'user\\u202egnp.exe'],
    ['zero\u200bwidth\u2066x', 'zero\\u200bwidth\\u2066x'],
    ['half \ud800 pair', 'half \\ud800 pair'],
  ])('%j cannot steer a terminal', (hostile, safe) => {
    expect(printable(hostile)).toBe(safe);
  });

  it('leaves ordinary text of any language alone', () => {
    for (const text of ['nginx: worker process', 'größe', '日本語', '😀', 'a\\x1b'])
      expect(printable(text)).toBe(text);
  });
});

describe('jsonText', () => {
  it('keeps the value and holds no steering character', () => {
    const value = { comm: 'a\u001b[2J\u009b\u202e\u2028\u007f', list: [1, null, 'ü'] };
    const text = jsonText(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(printable(text)).toBe(text);
  });
});

const plain = (width: number, glyphs = UNICODE): Style => ({ colors: pc.createColors(false), glyphs, width });

describe('tableLines', () => {
  interface Row {
    name: string;
    n: number | null;
  }
  const columns: Column<Row>[] = [
    { title: 'NAME', align: 'left', priority: 0, shrinkTo: 6, cell: (row) => row.name },
    { title: 'N', align: 'right', priority: 0, cell: (row) => integer(row.n) },
    { title: 'LESS', align: 'right', priority: 1, cell: () => '12345' },
    { title: 'LEAST', align: 'right', priority: 2, cell: () => '12345' },
  ];
  const rows = [
    { name: 'a', n: 1000 },
    { name: '日本語', n: null },
  ];

  it('aligns by terminal width and shows unknown as a dash', () => {
    expect(tableLines(columns, rows, plain(Number.POSITIVE_INFINITY))).toEqual([
      'NAME        N   LESS  LEAST',
      'a       1,000  12345  12345',
      '日本語      –  12345  12345',
    ]);
    expect(tableLines(columns.slice(0, 2), [rows[1]!], plain(80, ASCII))[1]).toBe('日本語  -');
  });

  it('drops the least important column first', () => {
    expect(tableLines(columns, rows, plain(24))[0]).toBe('NAME        N   LESS');
    expect(tableLines(columns, rows, plain(14))[0]).toBe('NAME        N');
  });

  it('drops first a column of which nothing is known', () => {
    const unknown = [{ name: 'a', n: null }];
    expect(tableLines(columns, unknown, plain(19))[0]).toBe('NAME   LESS  LEAST');
  });

  it('cuts the flexible column before it drops another', () => {
    const long = [{ name: 'a-very-long-name', n: 1 }];
    expect(tableLines(columns, long, plain(23))).toEqual([
      'NAME    N   LESS  LEAST',
      'a-ver…  1  12345  12345',
    ]);
  });

  it('never exceeds the width it can reach', () => {
    const long = [{ name: '長い名前の手続き', n: 123456 }];
    for (const line of tableLines(columns, long, plain(20)))
      expect(stringWidth(line)).toBeLessThanOrEqual(20);
  });

  it('cuts wide characters whole', () => {
    expect(cut('日本語', 5, '…')).toBe('日本…');
    expect(cut('日本語', 4, '…')).toBe('日…');
  });
});

describe('csv', () => {
  it('has the schema as header, also without rows', () => {
    const [header] = csv('flows', [], true).split('\n');
    expect(header).toMatch(
      /^key,netns,process\.pid,process\.name,.*process\.startTime,.*process\.parent\.comm,.*lifetimeMs\.p50/,
    );
    expect(csv('flows', [], false)).toBe('');
  });

  it('writes unknown as nothing, hostile text harmless, formulas as text', () => {
    const row = flow({ comm: '=cmd|"x"\u001b', pid: null });
    const [header = '', line = ''] = csv('flows', [row], true).split('\n');
    const cell = (name: string) => line.split(',')[header.split(',').indexOf(name)];
    expect(cell('process.pid')).toBe('');
    expect(cell('process.self')).toBe('false');
    expect(cell('process.comm')).toBe(`"'=cmd|""x""\\x1b"`);
    for (const comm of [' =1+1', '"=1+1', "'@x", '＝1']) {
      const [, hidden = ''] = csv('flows', [flow({ comm })], true).split('\n');
      expect(hidden).toContain(`'${comm.replaceAll('"', '""')}`);
    }
  });
});

describe('ndjson', () => {
  it('is one row per line', () => {
    const rows = [flow({ pid: 1 }), flow({ pid: 2 })];
    expect(
      ndjson(rows)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(rows);
    expect(ndjson([])).toBe('');
  });
});
