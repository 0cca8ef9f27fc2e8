/** Saving what a restart needs: whatever fails there, the service goes on. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import type { Aggregator } from '../../../../src/aggregate/ingest/aggregator.js';
import type { Diagnosis } from '../../../../src/diagnose/diagnosis.js';
import { Continuity } from '../../../../src/engine/restart/continuity.js';
import type { StateDirectory } from '../../../../src/engine/restart/state-directory.js';

/** A run in which the sockets, or the incidents, cannot be read while `broken` says so. */
function start() {
  const broken = { sockets: false, incidents: false };
  const check = (part: keyof typeof broken) => {
    if (broken[part]) throw new Error(`${part} are gone`);
  };
  const sockets = {
    get end() {
      check('sockets');
      return 200_000;
    },
    stateOf: () => 0,
  };
  const diagnosis = {
    get saved() {
      check('incidents');
      return { lasting: [{}], over: [] };
    },
  };
  const saveOwners = vi.fn();
  const state = { saveIncidents: vi.fn(), saveOwners, saveAll: vi.fn() };
  const warn = vi.fn();
  const continuity = new Continuity(
    state as unknown as StateDirectory,
    diagnosis as unknown as Diagnosis,
    { sockets, savedOwners: { left: () => [] } } as unknown as Aggregator,
    { warn },
  );
  const save = () => {
    for (let second = 0; second < 9; second++) continuity.tick(second);
  };
  return { broken, state, saveOwners, warn, continuity, save };
}

it('goes on when owners cannot be read in a later turn of the event loop, with one line in the log, and saves again', async () => {
  const { broken, saveOwners, warn, save } = start();
  save();
  broken.sockets = true;
  await turn();
  save();
  save();
  expect(warn.mock.calls.map(([, text]) => text)).toEqual([
    'owners of connections: not saved, a restart will forget them',
  ]);
  expect(saveOwners).not.toHaveBeenCalled();
  broken.sockets = false;
  save();
  await vi.waitFor(() => expect(saveOwners).toHaveBeenCalledTimes(1));
});

it('goes on when incidents cannot be read, also at its end', () => {
  const { broken, state, warn, continuity, save } = start();
  broken.incidents = true;
  save();
  save();
  continuity.end(0);
  expect(warn).toHaveBeenCalledTimes(2);
  expect(state.saveIncidents).not.toHaveBeenCalled();
  expect(state.saveAll).not.toHaveBeenCalled();
});
