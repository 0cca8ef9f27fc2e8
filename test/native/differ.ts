/**
 * The dumper's differences without a kernel: test/tools/dumpdiff. In: the sockets of a dump, as the kernel might show them. Out: the
 * records that the dumper makes of them.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { dumpSizeOf } from '../../src/decode/dump-layout.js';
import type { Ending } from '../support/scope.js';

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
  private readonly parts: Buffer[] = [];
  private received = 0;

  constructor() {
    this.child.stdout.on('data', (bytes: Buffer) => {
      this.parts.push(bytes);
      this.received += bytes.length;
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
    await this.until(LENGTH_BYTES);
    const length = this.whole().readUInt32LE(0);
    await this.until(LENGTH_BYTES + length);
    const records = this.whole().subarray(LENGTH_BYTES);
    this.parts.length = 0;
    this.received = 0;
    return records;
  }

  private async until(bytes: number): Promise<void> {
    while (this.received < bytes) await once(this.child.stdout, 'data');
  }

  /** What came so far, in one piece. */
  private whole(): Buffer {
    const all = Buffer.concat(this.parts);
    this.parts.splice(0, this.parts.length, all);
    return all;
  }

  async end(): Promise<void> {
    this.child.stdin.end();
    if (this.child.exitCode === null) await once(this.child, 'close');
  }
}
