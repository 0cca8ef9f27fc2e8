/**
 * The kernel's lists of sockets as decoded records: the socket dumper with its decoder. In: namespaces. Out: calls on the
 * caller's sink, in the order of the records.
 */
import type { DumpTarget, NativeSocketDumper } from '../capture/native.js';
import { SocketDumper } from '../capture/socket-dumper.js';
import { Batch } from '../decode/batch.js';
import { DumpDecoder, type DumpSink } from '../decode/dump.js';

const BUFFER_BYTES = 256 * 1024;

export class DumpReader {
  private readonly decoder = new DumpDecoder(new Batch(BUFFER_BYTES));
  private readonly dumper: SocketDumper;

  /** @param onTaken runs before each buffer of records is decoded: the events from before the dump must be counted first */
  constructor(native: NativeSocketDumper, onTaken?: () => void) {
    this.dumper = new SocketDumper(native, this.decoder.batch.u8, onTaken);
  }

  /** Resolves and rejects as SocketDumper.dump does; a sink that throws ends the dump with its error. */
  dump(targets: readonly DumpTarget[], sink: DumpSink): Promise<void> {
    return this.dumper.dump(targets, (from, to) => this.decoder.decode(to, sink, from));
  }

  close(): void {
    this.dumper.close();
  }
}
