/**
 * What services beside a real runtime never tell: a canary of a container's environment, and under --redact one of its arguments. In: a runtime's
 * containers, where the service looks for them, its socket. Out: nothing, or an assertion fails.
 */
import { expect } from 'vitest';
import { churnServer } from '../support/churngen.js';
import type { Netns } from '../support/netns.js';
import { having, Observed, type Outputs, PORT } from '../support/outputs.js';
import type { Scope } from '../support/scope.js';
import { type Service, serviceBy, serviceWords } from '../support/service.js';
import { holds } from './memory.js';
import { type Containers, SECRET } from './story.js';

const IN_ARGUMENTS = 'canary-9b3d';
const ask = (port: number) => `wget -q -O /dev/null "http://127.0.0.1:${port}/?token=${IN_ARGUMENTS}"`;
/** Ends what it is asked at once. */
const ENDS = 9002;
/** What the container's hosts file says, a comment behind it. Only that file has these texts whole, not the command line that writes it. */
const [NAMED, IN_HOSTS] = ['db.named', 'canary-c41a'];
const PLACE = '10.77.0.9';
const WRITES = `busybox mkdir -p /etc; echo "${PLACE} d""b.named # can""ary-c41a" > /etc/hosts`;
const CALLS = `nc ${PLACE} 7 < /dev/null; nc 127.0.0.1 ${PORT} < /dev/null; ${ask(ENDS)}; ${ask(9)}; ${ask(9)}; ${ask(9)}`;
/** One connection stays, so that its row does too: each of the others is of a process of its own. */
const STAYS = `${WRITES}; sleep 1000 | nc 127.0.0.1 ${PORT} & while true; do ${CALLS}; sleep 0.1; done`;
/** Surfaces that say the arguments of each process. */
const WITH_ARGUMENTS = ['/api/v1/snapshot', 'stream', 'stream.ndjson'];

export interface Runtime extends Pick<Containers, 'short' | 'long' | 'remove'> {
  /** Where a service looks for names by itself, and what shall be there. */
  readonly names: { readonly at: string; readonly directory: string } | null;
  /** It is asked too. */
  readonly socket: string | null;
}

export async function keepsSecrets(scope: Scope, netns: Netns, runtime: Runtime): Promise<void> {
  netns.exec('ip', 'address', 'replace', `${PLACE}/32`, 'dev', 'lo');
  await churnServer(scope, netns, [`127.0.0.1:${PORT}`, `127.0.0.1:${ENDS}=first`]);
  const services = await Promise.all(
    [[], ['--redact']].map((flags) => observe(scope, netns, runtime, flags)),
  );
  await runtime.long('canary', STAYS);
  await runtime.short('short-canary', `${CALLS}; sleep 0.2`);
  const [plainly] = services as [Observed];
  await expect.poll(() => namesOf(plainly.service), { timeout: 60_000 }).toContain(NAMED);
  // Commands print what the paths and the stream give, in other words: those of one service have both canaries to leave out.
  const [plain, redacted] = (await Promise.all(
    services.map((one, at) => one.outputs({ commands: at === 1 })),
  )) as [Outputs, Outputs];
  await runtime.remove('canary');

  for (const [name, text] of [...plain, ...redacted]) expect(text, name).not.toBe('');
  for (const outputs of [plain, redacted]) expect(outputs.get('/api/v1/snapshot')).toContain('"canary"');
  expect(plain.get('/api/v1/snapshot')).toContain('"short-canary"');
  expect(having(plain, IN_ARGUMENTS)).toEqual(expect.arrayContaining(WITH_ARGUMENTS));
  expect(having(redacted, IN_ARGUMENTS)).toEqual([]);
  for (const secret of [SECRET, IN_HOSTS])
    expect([...having(plain, secret), ...having(redacted, secret)]).toEqual([]);
  expect(plain.get('/api/v1/snapshot')).toContain(NAMED);
  expect(having(redacted, NAMED)).toEqual([]);
  // A command line is in the first one's memory: what is searched is where such text would be.
  expect(
    services.map(({ service: { pid } }) =>
      [IN_ARGUMENTS, SECRET, IN_HOSTS, NAMED].map((text) => holds(pid, text)),
    ),
  ).toEqual([
    [true, false, false, true],
    [expect.any(Boolean), false, false, false],
  ]);
}

/** What its flows call the place. */
const namesOf = async (service: Service) =>
  (await service.flows({ filter: `dir:out dst:${PLACE}` })).map(({ destination }) => destination.name);

function observe(scope: Scope, netns: Netns, runtime: Runtime, flags: readonly string[]): Promise<Observed> {
  const socket = runtime.socket === null ? [] : ['--container-socket', `unix:${runtime.socket}`];
  const begin = (...own: string[]) =>
    beside(scope, runtime, '--filter', `netns:${netns.inode}`, ...socket, ...own);
  return Observed.start(scope, begin, ...flags);
}

/** The runtime's directory is where the service looks for it, for the service alone. */
export function beside(
  scope: Scope,
  { names }: Pick<Runtime, 'names'>,
  ...flags: string[]
): Promise<Service> {
  const words = serviceWords(...flags);
  if (names === null) return serviceBy(scope, words);
  const place =
    'mount -t tmpfs none /var/lib && mkdir -p "$0" && mount --bind "$1" "$0" && shift && exec "$@"';
  const unshare = ['unshare', '--mount', '--propagation=slave'];
  return serviceBy(scope, [...unshare, 'sh', '-c', place, names.at, names.directory, ...words]);
}
