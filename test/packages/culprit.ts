/** What every package must do: trace a real program that opens a connection for each request, and name it. */
import { expect } from 'vitest';
import { program } from '../support/misconfigured.js';
import { KEPT, Netns } from '../support/netns.js';
import { run } from '../support/process.js';
import type { Scope } from '../support/scope.js';
import { type Service, serviceBy } from '../support/service.js';

export const CULPRIT = 'client-per-request.py';
const MOST_TRIES = 100;

/** A service of this package, which shows a new namespace alone; in it a server, and the culprit once the service traces. */
export async function scene(scope: Scope, portchurn: string[], ...flags: string[]): Promise<Service> {
  const netns = Netns.create(scope, KEPT);
  const words = ['serve', '--listen', '127.0.0.1:0', '--filter', `netns:${netns.inode}`, ...flags];
  const service = await serviceBy(scope, [...portchurn, ...words]);
  await program(scope, netns, 'server.mjs', '127.0.0.1', 8080);
  await program(scope, netns, CULPRIT, '127.0.0.1', 8080);
  return service;
}

/** `top --once` of this package, asked until it has the culprit's row. */
export async function namesCulprit(portchurn: string[], { url }: Pick<Service, 'url'>): Promise<void> {
  let said = '';
  for (let tries = 0; tries < MOST_TRIES && !said.includes(CULPRIT); tries++) {
    const done = await run([...portchurn, 'top', '--once', '--connect', url]);
    expect(done, done.stderr).toMatchObject({ code: 0 });
    said = done.stdout;
  }
  expect(said).toMatch(new RegExp(`${CULPRIT} .*127\\.0\\.0\\.1:8080`));
}
