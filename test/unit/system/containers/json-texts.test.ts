import { describe, expect, it } from 'vitest';
import { textsOf } from '../../../../src/system/containers/json-texts.js';

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
