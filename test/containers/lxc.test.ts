/** Containers of a real LXC, by the names that their control groups have: those that live, and those of 0.2 s. */
import { describe, it } from 'vitest';
import { fileScope } from '../support/scope.js';
import { watched } from '../support/watch.js';
import { Lxc } from './lxc.js';
import { namedAllAlong } from './story.js';

const scope = fileScope();
const next = watched(scope, 1);

describe('containers of LXC', () => {
  it('are rows with their name, also those of 0.2 s, after a restart and their end', async () => {
    const view = next();
    await namedAllAlong(scope, view, await Lxc.start(scope, view.netns));
  });
});
