/**
 * Bytes to typed events. In: a batch of whole records from the ring (or a recording). Out: calls on a sink, in the
 * ring's order, with cursors that are valid during the call only. No I/O, no clock, no state beyond the cursors.
 */
import { type Batch, CgroupEvent, ProcessEvent, ProcessExitEvent, TcpEvent } from './batch.js';
import { EVENT, sizeOf } from './layout.js';

export interface EventSink {
  tcp(event: TcpEvent): void;
  cgroup(event: CgroupEvent): void;
  process(event: ProcessEvent): void;
  exit(event: ProcessExitEvent): void;
}

const HEADER_BYTES = 4;
const TCP_BYTES = sizeOf('tcp_event');
const PROCESS_BYTES = sizeOf('process_event');
const CGROUP_BYTES = sizeOf('cgroup_event');
const EXIT_BYTES = sizeOf('process_exit_event');

/** The size a record of this type must have; 0 for an unknown type. */
function expectedSize(type: number): number {
  if (type === EVENT.PROCESS) return PROCESS_BYTES;
  if (type === EVENT.PROCESS_EXIT) return EXIT_BYTES;
  if (type === EVENT.CGROUP) return CGROUP_BYTES;
  return type >= EVENT.CONNECT && type <= EVENT.COALESCED ? TCP_BYTES : 0;
}

/** Thrown for bytes that no tracer of this version writes. `offset` is where in the batch. */
export class FormatError extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
    this.name = 'FormatError';
  }
}

export class Decoder {
  private readonly tcp: TcpEvent;
  private readonly cgroup: CgroupEvent;
  private readonly process: ProcessEvent;
  private readonly exit: ProcessExitEvent;

  constructor(readonly batch: Batch) {
    this.tcp = new TcpEvent(batch);
    this.cgroup = new CgroupEvent(batch);
    this.process = new ProcessEvent(batch);
    this.exit = new ProcessExitEvent(batch);
  }

  /**
   * Hands every whole record in the first `length` bytes to the sink and returns the bytes used; what is left is the
   * beginning of a record whose end has not come yet.
   */
  decode(length: number, sink: EventSink): number {
    let at = 0;
    while (at + HEADER_BYTES <= length) {
      const type = this.batch.u16[at >> 1] as number;
      const size = this.batch.u16[(at >> 1) + 1] as number;
      if (size === 0 || size !== expectedSize(type)) {
        throw new FormatError(`a record of type ${type} cannot have ${size} bytes`, at);
      }
      if (at + size > length) break;
      this.dispatch(type, at, sink);
      at += size;
    }
    return at;
  }

  private dispatch(type: number, at: number, sink: EventSink): void {
    if (type === EVENT.PROCESS) sink.process(this.process.moveTo(at));
    else if (type === EVENT.PROCESS_EXIT) sink.exit(this.exit.moveTo(at));
    else if (type === EVENT.CGROUP) sink.cgroup(this.cgroup.moveTo(at));
    else sink.tcp(this.tcp.moveTo(at));
  }
}
