/**
 * Who is attached during one measurement of the saturation bench: nobody, the empty handler, the whole service with a
 * client, or a peer that prints to a file. Each is seen to be alive and to see the load, and says what it lost.
 */
import { createReadStream, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Running, start } from '../../test/support/process.js';
import type { Scope } from '../../test/support/scope.js';
import { Client } from './client.js';
import { Subject } from './service.js';
import { until } from './wait.js';

const FLOOR = fileURLToPath(new URL('../../out/tools/emptytrace', import.meta.url));

/** What it says of a measurement; null: it has no such thing. */
export interface Witness {
  lost: number | null;
  /** Events it told of (the service: took). */
  seen: number | null;
}

export interface Attached {
  /** From now on it is measured. */
  mark(): Promise<void>;
  /** Since `mark`. Throws when it is dead, or blind to the load. */
  witness(): Promise<Witness>;
}

export interface Rival {
  readonly name: string;
  attach(scope: Scope): Promise<Attached>;
}

const SILENT: Attached = { mark: async () => undefined, witness: async () => ({ lost: null, seen: null }) };

export const RIVALS: readonly Rival[] = [
  { name: 'untraced', attach: async () => SILENT },
  { name: 'empty handler', attach: attachFloor },
  { name: 'portchurn', attach: attachService },
  { name: 'tcplife', attach: (scope) => attachPeer(scope, 'tcplife') },
  { name: 'tcpstates', attach: (scope) => attachPeer(scope, 'tcpstates') },
];

async function attachFloor(scope: Scope): Promise<Attached> {
  const floor = await start(scope, [FLOOR]);
  await floor.printed(/^ready$/m);
  return SILENT;
}

async function attachService(scope: Scope): Promise<Attached> {
  const subject = await Subject.start(scope);
  const client = await Client.open(scope, subject.service.url);
  let before = { ring: 0, recursion: 0 };
  return {
    async mark() {
      before = await subject.lost();
      await subject.report();
      client.reset();
    },
    async witness() {
      const [{ events }, after] = [await subject.report(), await subject.lost()];
      if (events === 0 || client.frames === 0) throw new Error('the service saw nothing of the load');
      return { seen: events, lost: after.ring - before.ring + after.recursion - before.recursion };
    },
  };
}

/** In a mount namespace of its own: the peers want tracefs, which not every machine mounts. stdout goes to a file. */
const PEER = `
test -d /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing
exec "$0" > "$1"`;

/** A tool of libbpf-tools. It is attached, and sees the load, when the first block of its output is in the file. */
async function attachPeer(scope: Scope, tool: string): Promise<Attached> {
  const file = `${scope.directory()}/${tool}`;
  const peer = await start(scope, ['unshare', '--mount', 'sh', '-ec', PEER, tool, file]);
  const printing = () => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
  await until(() => !peer.running || printing(), `${tool} to print`, 30_000);
  let [printed, lost] = [0, 0];
  return {
    async mark() {
      printed = statSync(file).size;
      lost = lostBy(peer);
    },
    async witness() {
      if (!peer.running) throw peer.complaint('is dead');
      const seen = await linesAfter(file, printed);
      if (seen === 0) throw peer.complaint('saw nothing of the load');
      return { seen, lost: lostBy(peer) - lost };
    },
  };
}

/** "lost 117 events on CPU #1" */
function lostBy({ stderr }: Running): number {
  return [...stderr.matchAll(/lost (\d+) events/gi)].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function linesAfter(file: string, start: number): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(file, { start }) as AsyncIterable<Buffer>)
    for (const byte of chunk) if (byte === 10) lines += 1;
  return lines;
}
