/** Machines of a real systemd-nspawn, by the names that their services have: those that live, and those of 0.2 s. */
import { describe, it } from 'vitest';
import { fileScope } from '../support/scope.js';
import { watched } from '../support/watch.js';
import { Nspawn } from './nspawn.js';
import { namedAllAlong } from './story.js';

const scope = fileScope();
const next = watched(scope, 1);

describe('machines of systemd-nspawn', () => {
  it('are rows with their name, also those of 0.2 s, after a restart and their end', async () => {
    const view = next();
    await namedAllAlong(scope, view, await Nspawn.start(scope, view.netns));
  });
});
