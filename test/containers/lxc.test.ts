/** Containers of a real LXC, by the names that their control groups have: those that live, and those of 0.2 s. */
import { beforeAll, describe, it } from 'vitest';
import { fileScope } from '../support/scope.js';
import { type View, watched } from '../support/watch.js';
import { Lxc } from './lxc.js';
import { keepsSecrets } from './secrets.js';
import { namedAllAlong } from './story.js';

const scope = fileScope();
const next = watched(scope, 1);

describe('containers of LXC', () => {
  let view: View;
  let runtime: Lxc;
  beforeAll(async () => {
    view = next();
    runtime = await Lxc.start(scope, view.netns);
  });

  it('are rows with their name, also those of 0.2 s, after a restart and their end', async () => {
    await namedAllAlong(scope, view, runtime);
  });

  it('keep their environment to themselves, and with --redact their arguments', async () => {
    await keepsSecrets(scope, view.netns, runtime);
  });
});
