/** The page's style sheets: sizes, weights, corners and colours are those of theme.css. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const FOLDER = new URL('../../../dashboard/style/', import.meta.url);

/** `file: property: value` of every declaration, but for the tokens themselves. */
const declarations = readdirSync(FOLDER).flatMap((file) => {
  const text = readFileSync(new URL(file, FOLDER), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  return [...text.matchAll(/(?<=[{;]\s*)([a-z-]+):\s*([^;{}]+);/g)]
    .map(([, property = '', value = '']) => ({ file, property, value: value.replace(/\s+/g, ' ').trim() }))
    .filter(({ property }) => !property.startsWith('--'));
});

const others = (property: RegExp, allowed: RegExp) =>
  declarations
    .filter((one) => property.test(one.property) && !allowed.test(one.value))
    .map(({ file, property: name, value }) => `${file}: ${name}: ${value}`);

it('finds declarations', () => {
  expect(declarations.length).toBeGreaterThan(300);
  expect(others(/^display$/, /^none$/).length).toBeGreaterThan(10);
});

it('has four sizes of type and one strong weight', () => {
  expect(others(/^font-size$/, /^(var\(--t(-large|-middle|-small)?\)|inherit|0\.95em)$/)).toEqual([]);
  expect(others(/^font-weight$/, /^(var\(--strong\)|400|inherit)$/)).toEqual([]);
});

it('rounds corners by two radii', () => {
  expect(others(/radius$/, /^(0|var\(--radius(-small)?\))( (0|var\(--radius(-small)?\)))*$/)).toEqual([]);
});

it('has no colour that is not a token', () => {
  const other = /#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(/i;
  const words = declarations.filter(({ value }) => other.test(value));
  expect(words.filter(({ file }) => file !== 'print.css')).toEqual([]);
});
