/** Machines of a real systemd-nspawn, by the names that their services have: those that live, and those of 0.2 s. */
import { beforeAll, describe, expect, it } from 'vitest';
import { fileScope } from '../support/scope.js';
import { type View, watched } from '../support/watch.js';
import { Nspawn } from './nspawn.js';
import { keepsSecrets } from './secrets.js';
import { namedAllAlong, STAYS } from './story.js';

const scope = fileScope();
const machines = scope.directory();
const next = watched(scope, 1, { containerPlaces: { docker: [], containerd: [], podman: [], machines } });

describe('machines of systemd-nspawn', () => {
  let view: View;
  let runtime: Nspawn;
  beforeAll(async () => {
    view = next();
    runtime = await Nspawn.start(scope, view.netns, machines);
  });

  it('are rows with their name, also those of 0.2 s, after a restart and their end', async () => {
    await namedAllAlong(scope, view, runtime);
  });

  it('have the name that machined knows, where a service of another name runs them', async () => {
    await runtime.inService('shop.service', 'db-1', STAYS);
    const [row] = await view.containers(['db-1']);
    expect(row?.process).toMatchObject({ container: 'db-1', unit: 'shop.service' });
    await runtime.remove('db-1');
  });

  it('keep their environment to themselves, and with --redact their arguments', async () => {
    await keepsSecrets(scope, view.netns, runtime);
  });
});
