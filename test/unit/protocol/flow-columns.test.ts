/**
 * Every field of a flow's row is a column of the page's culprit table and of the terminal's, or is left out of it on
 * purpose: a field that was added and forgotten fails here. The sources are read as text, because the page's modules need a
 * browser.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { FlowRow } from '../../../src/protocol/rows.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FIELDS = Object.keys(FlowRow.properties);

/** In the details of a flow, or in no table at all. */
const NOT_IN_THE_TERMINAL = [
  ...['key', 'closePerSec', 'closed', 'preexisting', 'bytesSent', 'bytesReceived'],
  ...['connectMs', 'slowConnects', 'firstSeen', 'lastSeen', 'netnsId', 'pids'],
];
/** `lowerBound` is no column but a mark in others. */
const NOT_ON_THE_PAGE = [...NOT_IN_THE_TERMINAL, 'failed', 'lowerBound'];

/** Text of the only file of that name below a folder. */
function textOf(folder: string, name: RegExp): string {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  const found = files.filter((path) => name.test(path));
  expect(found, `${name} in ${folder}`).toHaveLength(1);
  return readFileSync(join(ROOT, folder, found[0] as string), 'utf8');
}

it('the page has a column for every field that is not left out', () => {
  const text = textOf('dashboard', /\bflow[-_]columns\.tsx$/);
  const shown = FIELDS.filter((field) => new RegExp(`'${field}(\\.\\w+)*'`).test(text));
  expect([...shown, ...NOT_ON_THE_PAGE].sort(), 'flow-columns.tsx, or the list here').toEqual(
    [...FIELDS].sort(),
  );
});

it('the terminal has a column for every field that is not left out', () => {
  const text = textOf('src/cli', /\bflow-columns\.ts$/);
  const shown = FIELDS.filter((field) => new RegExp(`\\brow\\.${field}\\b|\\(\\{ ${field} \\}`).test(text));
  expect([...shown, ...NOT_IN_THE_TERMINAL].sort(), 'flow-columns.ts, or the list here').toEqual(
    [...FIELDS].sort(),
  );
});
