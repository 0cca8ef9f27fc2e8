import { describe, expect, it } from 'vitest';
import { textsOf, textsOfEach } from '../../../../src/system/containers/json-texts.js';

const texts = (json: string, wanted: Parameters<typeof textsOf>[1]) =>
  Object.fromEntries(textsOf(Buffer.from(json), wanted));

describe('texts of a JSON file', () => {
  it('are those at the paths that are asked for', () => {
    const json = JSON.stringify({
      Path: '/bin/x',
      Args: ['a', { Name: 'not this' }],
      Config: { Env: ['SECRET=1'], Image: 'web:1', Labels: { a: 'b', 'x.y': 'z"\\\u00e9\n' } },
      Name: '/shop',
    });
    const wanted = { Name: 'name', Config: { Image: 'image', Labels: { 'x.y': 'label' } } };
    expect(texts(json, wanted)).toEqual({ name: '/shop', image: 'web:1', label: 'z"\\\u00e9\n' });
    expect(texts(JSON.stringify(JSON.parse(json), null, 2), wanted)).toEqual(texts(json, wanted));
  });

  it('leave out what is no text, has another shape, or is not there', () => {
    expect(
      texts('{"a":1,"b":null,"c":[{"d":"x"}],"e":{"f":true},"g":-1.5e3}', {
        a: 'a',
        b: 'b',
        c: { d: 'd' },
        e: { f: 'f' },
        h: 'h',
      }),
    ).toEqual({});
    expect(texts('{"__proto__":"x","constructor":{"a":"y"}}', {})).toEqual({});
    expect(texts('[]', { a: 'a' })).toEqual({});
    expect(texts('"a"', { a: 'a' })).toEqual({});
  });

  it.each([
    '',
    '{',
    '{"a"',
    '{"a":',
    '{"a":"b',
    '{"a":"b"',
    '{"a":"\\u12"}',
    '{"a" "b"}',
    '{"a":"b" "c":"d"}',
    '[1 2]',
    '{a:1}',
    '['.repeat(100_000),
  ])('are refused in what is no JSON: %.20s', (json) => {
    expect(() => textsOf(Buffer.from(json), { a: 'a' })).toThrow(SyntaxError);
  });
});

describe('texts of each object of a list', () => {
  async function each(json: string): Promise<object[]> {
    const all: object[] = [];
    await textsOfEach(Buffer.from(json), { a: 'a' }, (texts) => all.push(Object.fromEntries(texts)));
    return all;
  }

  it('are those that JSON.parse finds, whatever stands in and between them', async () => {
    const list = [
      { a: '1' },
      { b: ['[', { a: 'no' }], a: ',]}"\\' },
      7,
      null,
      'text, with "quotes"',
      [{ a: 'in' }],
      {},
      { a: 'ü\\\\' },
    ];
    const expected = [{ a: '1' }, { a: ',]}"\\' }, {}, {}, {}, {}, {}, { a: 'ü\\\\' }];
    expect(await each(JSON.stringify(list))).toEqual(expected);
    expect(await each(` ${JSON.stringify(list, null, 3)} `)).toEqual(expected);
    for (const none of ['[]', ' [ \n ]', '[\t]']) expect(await each(none)).toEqual([]);
  });

  it('are told across the pieces in which it is read, and of no element that is longer than one', async () => {
    const long = JSON.stringify({ b: '\\"'.repeat(80_000), a: 'long' });
    const many = Array.from({ length: 20_000 }, (_, n) => ({ b: '\\"[{,', a: String(n) }));
    const json = `[${long},${JSON.stringify(many).slice(1, -1)},${long},{"a":"last"}]`;
    expect(await each(json)).toEqual([...many.map(({ a }) => ({ a })), { a: 'last' }]);
  });

  it.each([
    '',
    '{}',
    '"a"',
    '[',
    '[{"a":"x"}',
    '[{"a":"x"},]',
    '[{"a":"x"},,{}]',
    '[{"a":"x"}}',
    '["',
    '[{a}]',
    '[1 2',
  ])('are refused in what is no list: %s', async (json) => {
    await expect(each(json)).rejects.toThrow(SyntaxError);
  });
});
