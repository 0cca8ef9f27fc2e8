import pc from 'picocolors';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { csv, ndjson } from '../../../src/cli/screen/export.js';
import type { Style } from '../../../src/cli/screen/style.js';
import { type Column, cut, tableLines } from '../../../src/cli/screen/table.js';
import {
  ASCII,
  bytes,
  clock,
  count,
  countdown,
  endpoint,
  jsonText,
  percent,
  printable,
  rate,
  span,
  UNICODE,
} from '../../../src/cli/screen/text.js';
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

describe('numbers', () => {
  it('unknown stays unknown', () => {
    expect([
      count(null),
      rate(undefined),
      span(null),
      bytes(null),
      endpoint({ address: null, port: null }),
    ]).toEqual(Array(5).fill(null));
  });

  it('are written with units and separators', () => {
    expect([count(26811), rate(0.34), rate(0), rate(1234.5), rate(99.9)]).toEqual([
      '26,811',
      '0.3',
      '0',
      '1,235',
      '99.9',
    ]);
    expect([span(0.31), span(12), span(4200), span(130_000), span(59_960), span(11_100_000)]).toEqual([
      '0.3 ms',
      '12 ms',
      '4.2 s',
      '2m 10s',
      '1m 00s',
      '3h 05m',
    ]);
    expect([bytes(0), bytes(999), bytes(1234), bytes(3.4e6), bytes(1e18)]).toEqual([
      '0 B',
      '999 B',
      '1.2 kB',
      '3.4 MB',
      '1000.0 PB',
    ]);
    expect(clock(new Date(2024, 1, 3, 4, 5, 6, 7).getTime(), true)).toBe('04:05:06.007');
  });

  it('addresses have their port, IPv6 in brackets', () => {
    expect(endpoint({ address: '10.0.0.9', port: 80 })).toBe('10.0.0.9:80');
    expect(endpoint({ address: '2001:db8::1', port: 80 })).toBe('[2001:db8::1]:80');
    expect(endpoint({ address: null, port: 80 })).toBe('?:80');
  });
});

describe('shares and countdowns', () => {
  it('round down: only everything is 100 %, and something is not 0 %', () => {
    expect([1, 0.9999, 0.996, 0.12, 0.0004, 0].map(percent)).toEqual([
      '100 %',
      '99.9 %',
      '99.6 %',
      '12 %',
      '<0.1 %',
      '0 %',
    ]);
    expect(percent(null)).toBeNull();
  });

  it('count whole seconds, minutes and hours', () => {
    expect([0, 12.4, 59.6, 130, 11_100].map(countdown)).toEqual([
      '0 s',
      '12 s',
      '1m 00s',
      '2m 10s',
      '3h 05m',
    ]);
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
    { title: 'N', align: 'right', priority: 0, cell: (row) => count(row.n) },
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
      /^key,netns,process\.pid,process\.startTime,.*process\.parent\.comm,.*lifetimeMs\.p50/,
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
