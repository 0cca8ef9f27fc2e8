/**
 * Dumps as plain objects, for tests that compare them: an object per socket is what the product avoids. In: paths of
 * network namespaces. Out: what the dumper said of each.
 */

import type { DumpLimits, NativeSocketDumper } from '../../src/capture/native.js';
import { addressText } from '../../src/decode/address.js';
import type { DumpBegin, DumpEnd, DumpGone, DumpSink, DumpSocket, DumpText } from '../../src/decode/dump.js';
import type { DumpFile } from '../../src/decode/dump-layout.js';
import { DumpTexts } from '../../src/decode/dump-texts.js';
import { openAddon } from '../../src/engine/addon.js';
import { DumpReader } from '../../src/engine/dump-reader.js';
import type { Scope } from './scope.js';

export const OWN = '/proc/self/ns/net';
export const STATE = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE_WAIT: 8,
  LISTEN: 10,
  BOUND_INACTIVE: 13,
} as const;

export interface DumpedSocket {
  state: number;
  mini: boolean;
  request: boolean;
  family: number;
  cookie: bigint;
  /** "127.0.0.1:80", "::1:80"; v4-mapped as IPv4. */
  local: string;
  remote: string;
  expiresMs: number;
  uid: number;
  inode: number;
}

export interface Dumped {
  id: number;
  startedNs: number;
  cookie: bigint;
  inum: number;
  enterError: number;
  ownerUid: number | null;
  sockets: DumpedSocket[];
  /** Generation of the dump that it goes on from, entries of that one which went, and those left out. */
  basedOn: number;
  gone: bigint[];
  unchanged: number;
  generation: number;
  texts: Record<DumpFile, string | null>;
  endedNs: number;
  /** As its end record counts. */
  count: number;
  error: number;
}

/** Keeps everything. A namespace whose end is missing has error -1. */
export class Collector implements DumpSink {
  readonly namespaces: Dumped[] = [];
  private readonly texts = new DumpTexts();

  begin(begin: DumpBegin): void {
    this.texts.clear();
    const {
      id,
      startedNs,
      netnsCookie: cookie,
      netnsInum: inum,
      error: enterError,
      ownerUid,
      basedOn,
    } = begin;
    const open = {
      basedOn,
      sockets: [],
      gone: [],
      unchanged: 0,
      generation: 0,
      texts: this.texts.all(),
      endedNs: 0,
      count: 0,
      error: -1,
    };
    this.namespaces.push({ id, startedNs, cookie, inum, enterError, ownerUid, ...open });
  }

  socket(socket: DumpSocket): void {
    const { state, isMini: mini, isRequest: request, family, cookie, expiresMs, uid, inode } = socket;
    const local = `${addressText(socket.localBytes)}:${socket.localPort}`;
    const remote = `${addressText(socket.remoteBytes)}:${socket.remotePort}`;
    this.last.sockets.push({
      ...{ state, mini, request, family, cookie, local, remote, expiresMs, uid, inode },
    });
  }

  gone(gone: DumpGone): void {
    this.last.gone.push((BigInt(gone.cookieHigh) << 32n) | BigInt(gone.cookieLow));
  }

  text(text: DumpText): void {
    this.texts.add(text);
  }

  end(end: DumpEnd): void {
    const { endedNs, sockets: count, error, unchanged, generation } = end;
    Object.assign(this.last, { endedNs, count, error, unchanged, generation, texts: this.texts.all() });
  }

  private get last(): Dumped {
    return this.namespaces.at(-1) as Dumped;
  }
}

export function nativeDumper(scope: Scope, limits?: DumpLimits): NativeSocketDumper {
  const native = openAddon().openSocketDumper(limits);
  scope.use({ end: () => native.close() });
  return native;
}

export function dumper(scope: Scope, limits?: DumpLimits): DumpReader {
  const made = new DumpReader(openAddon().openSocketDumper(limits));
  scope.use({ end: () => made.close() });
  return made;
}

/** Numbered from 0 in the order given. */
export const targets = (...paths: string[]) => paths.map((path, id) => ({ id, path }));

export async function dump(dumper: DumpReader, ...paths: string[]): Promise<Dumped[]> {
  const collector = new Collector();
  await dumper.dump(targets(...paths), collector);
  return collector.namespaces;
}
