/**
 * The dumper's differences without a kernel: test/tools/dumpdiff. In: the sockets of a dump, as the kernel might show them. Out: the
 * records that the dumper makes of them.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { dumpSizeOf } from '../../src/decode/dump-layout.js';
import type { Ending } from './scope.js';

export interface Shown {
  netns: number;
  inode?: number;
  startedNs: number;
  /** As Reconciler.request() asks. */
  base: number;
  again: Uint32Array;
  /** dump_socket records, in one piece or several. */
  sockets: readonly Uint8Array[];
  /** How it ends after its sockets: an errno, or 0. */
  error?: number;
}

const PROGRAM = fileURLToPath(new URL('../../out/tools/dumpdiff', import.meta.url));
const [LENGTH_BYTES, REQUEST_BYTES, SOCKET_BYTES] = [4, 40, dumpSizeOf('dump_socket')];

export class Differ implements Ending {
  private readonly child: ChildProcessWithoutNullStreams = spawn(PROGRAM);
  private answer = Buffer.alloc(0);

  constructor() {
    this.child.stdout.on('data', (bytes: Buffer) => {
      this.answer = Buffer.concat([this.answer, bytes]);
    });
  }

  async dump({ netns, inode = 0, startedNs, base, again, sockets, error = 0 }: Shown): Promise<Uint8Array> {
    const request = Buffer.alloc(REQUEST_BYTES);
    request.writeBigUInt64LE(BigInt(netns), 0);
    request.writeBigUInt64LE(BigInt(startedNs), 8);
    const count = sockets.reduce((sum, { length }) => sum + length, 0) / SOCKET_BYTES;
    const words = [base, error, again.length / 2, count, inode];
    for (const [i, word] of words.entries()) request.writeUInt32LE(word, 16 + 4 * i);
    const cookies = Buffer.from(again.buffer, again.byteOffset, again.byteLength);
    this.child.stdin.write(Buffer.concat([request, cookies, ...sockets]));
    while (this.missing() > 0) await once(this.child.stdout, 'data');
    const end = LENGTH_BYTES + this.answer.readUInt32LE(0);
    const records = this.answer.subarray(LENGTH_BYTES, end);
    this.answer = this.answer.subarray(end);
    return records;
  }

  private missing(): number {
    if (this.answer.length < LENGTH_BYTES) return LENGTH_BYTES;
    return LENGTH_BYTES + this.answer.readUInt32LE(0) - this.answer.length;
  }

  async end(): Promise<void> {
    this.child.stdin.end();
    if (this.child.exitCode === null) await once(this.child, 'close');
  }
}
