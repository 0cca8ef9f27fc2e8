/** What is kept over a restart, in real files: of this boot, whole, and nothing that does not fit. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { StateDirectory } from '../../../../src/engine/restart/state-directory.js';
import { testScope } from '../../../support/scope.js';
import { incident } from '../../publish/rows.js';

const OWNERS = [
  { process: 'p1.2', direction: 1, bound: false, cookies: [7, 1, 0xffff_ffff, 9], known: 1_700_000_000_000 },
];
const INCIDENTS = { lasting: [], over: [incident('refused:1::10.0.0.9:80@1', { state: 'over' })] };

function places() {
  const path = join(testScope().directory(), 'state');
  const warnings: string[] = [];
  const warn = ((_: object, text: string) => void warnings.push(text)) as never;
  return { path, warnings, open: (boot = 'b') => new StateDirectory(path, boot, { warn }) };
}

it('gives back what was saved, for its owner alone', () => {
  const { path, open, warnings } = places();
  open().saveAll(INCIDENTS, OWNERS);
  expect(open().readIncidents()).toEqual(INCIDENTS);
  expect(open().readOwners()).toEqual(OWNERS);
  expect([statSync(path).mode & 0o777, statSync(join(path, 'owners.json')).mode & 0o777]).toEqual([
    0o700, 0o600,
  ]);
  expect(warnings).toEqual([]);
});

it('saves incidents while the service runs', async () => {
  const { open } = places();
  open().saveIncidents(INCIDENTS);
  await vi.waitFor(() => expect(open().readIncidents()).toEqual(INCIDENTS));
});

it('saves owners while the service runs: one that is killed has written them down', async () => {
  const { open } = places();
  open().saveOwners(OWNERS);
  await vi.waitFor(() => expect(open().readOwners()).toEqual(OWNERS));
});

it('that is saved when the service ends is not replaced by what was being written', async () => {
  const { path, open } = places();
  const state = open();
  state.saveIncidents({ lasting: [], over: [] });
  state.saveAll(INCIDENTS, OWNERS);
  await vi.waitFor(() => expect(existsSync(join(path, 'incidents.json.new'))).toBe(true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(open().readIncidents()).toEqual(INCIDENTS);
});

it('is nothing at first, and nothing after another boot', () => {
  const { open, warnings } = places();
  expect([open().readIncidents(), open().readOwners()]).toEqual([null, []]);
  open().saveAll(INCIDENTS, OWNERS);
  expect([open('c').readIncidents(), open('c').readOwners()]).toEqual([null, []]);
  expect(warnings).toEqual([]);
});

it.each([
  ['cut off', '{"boot":"b","content":{"las', 'not read'],
  ['not JSON', '\u0000', 'not read'],
  [
    'of another version',
    '{"boot":"b","content":{"lasting":[{}],"over":[]}}',
    'saved by another version: not read',
  ],
])('that is %s is not read, and the log says so', (_, text, warning) => {
  const { path, open, warnings } = places();
  const state = open();
  writeFileSync(join(path, 'incidents.json'), text);
  expect(state.readIncidents()).toBeNull();
  expect(warnings).toEqual([warning]);
});

it('that cannot be written any more is a warning, not the end', () => {
  const { path, open, warnings } = places();
  const state = open();
  mkdirSync(join(path, 'incidents.json.last'));
  state.saveAll(INCIDENTS, OWNERS);
  expect(warnings).toEqual(['incidents were not saved: a restart will forget them']);
});

it('that is removed while the service runs is one warning, and saving goes on when it is there again', async () => {
  const { path, open, warnings } = places();
  const state = open();
  const saved = async (done: () => void) => {
    await vi.waitFor(() => {
      state.saveOwners(OWNERS);
      done();
    });
  };
  rmSync(path, { recursive: true });
  await saved(() => expect(warnings).toHaveLength(1));
  for (let n = 0; n < 20; n++) {
    state.saveOwners(OWNERS);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(warnings).toEqual(['owners of connections were not saved: a restart will forget them']);
  mkdirSync(path);
  await saved(() => expect(open().readOwners()).toEqual(OWNERS));
  rmSync(path, { recursive: true });
  await saved(() => expect(warnings).toHaveLength(2));
});

it('that cannot be made is wrong usage', () => {
  const folder = testScope().directory();
  writeFileSync(join(folder, 'file'), '');
  chmodSync(folder, 0o700);
  const warn = () => undefined;
  expect(() => new StateDirectory(join(folder, 'file', 'state'), 'b', { warn })).toThrow(
    /cannot be written \(ENOTDIR\)/,
  );
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('');
});
