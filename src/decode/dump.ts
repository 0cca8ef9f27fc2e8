/**
 * Bytes of a dump to typed records. In: whole records from the native dumper. Out: calls on a sink, in their order,
 * with cursors that are valid during the call only. No I/O, no clock, no state beyond the cursors.
 */

import { type Batch, Cursor } from './batch.js';
import { FormatError } from './decoder.js';
import {
  DUMP,
  DUMP_FILES,
  DUMP_OWNER_UNKNOWN,
  DUMP_SOCKET_FLAG,
  DUMP_TEXT_FLAG,
  type DumpFile,
  dumpOffsetsOf,
  dumpSizeOf,
} from './dump-layout.js';

const B = dumpOffsetsOf('dump_begin');
const S = dumpOffsetsOf('dump_socket');
const T = dumpOffsetsOf('dump_text');
const G = dumpOffsetsOf('dump_gone');
const E = dumpOffsetsOf('dump_end');
const BEGIN_BYTES = dumpSizeOf('dump_begin');
const SOCKET_BYTES = dumpSizeOf('dump_socket');
const TEXT_BYTES = dumpSizeOf('dump_text');
const GONE_BYTES = dumpSizeOf('dump_gone');
const END_BYTES = dumpSizeOf('dump_end');
const HEADER_BYTES = 4;
/** idiag_timer of a mini-socket. */
const TIMER_TIME_WAIT = 3;
const latin1 = new TextDecoder('latin1');

/** A namespace was entered, or could not be: `error`. */
export class DumpBegin extends Cursor {
  /** The caller's number for the target. */
  get id(): number {
    return this.word(B.id);
  }
  /** CLOCK_MONOTONIC before the dump: a socket that is older and not in a whole dump had ended. */
  get startedNs(): number {
    return this.number64(B.started_ns);
  }
  get netnsLow(): number {
    return this.word(B.netns_cookie);
  }
  get netnsHigh(): number {
    return this.word(B.netns_cookie + 4);
  }
  /** As in events; 0n: the kernel (before 5.14) does not say, or the namespace was not entered. */
  get netnsCookie(): bigint {
    return this.big(B.netns_cookie);
  }
  /** 0: not even found. */
  get netnsInum(): number {
    return this.word(B.netns_inum);
  }
  /** Positive errno: why it could not be entered; 0. */
  get error(): number {
    return this.word(B.error);
  }
  /** The dump that this one is a difference to, by its generation; 0: it is whole. */
  get basedOn(): number {
    return this.word(B.base);
  }
  /**
   * User who made the user namespace that the network namespace belongs to: what lies in it is as that user likes. 0: root, or it is the
   * service's own user namespace. Null: not known.
   */
  get ownerUid(): number | null {
    const uid = this.word(B.owner_uid);
    return uid === DUMP_OWNER_UNKNOWN ? null : uid;
  }
}

/** One TCP socket. A socket that changed while the dump went on can be there twice: by its cookie, the later one is right. */
export class DumpSocket extends Cursor {
  /**
   * The kernel's number; of a mini-socket its substate: 6 TIME_WAIT, 5 FIN_WAIT2. 13 (TCP_BOUND_INACTIVE): bound,
   * neither listening nor connecting; from kernel 6.8 on. 7 (CLOSE): caught while it changed, to what is not known.
   */
  get state(): number {
    return this.byte(S.state);
  }
  /** idiag_timer: 0 none, 1 retransmit, 2 keepalive, 3 time-wait, 4 zero window probe. */
  get timer(): number {
    return this.byte(S.timer);
  }
  /** A TIME_WAIT or FIN_WAIT2 entry without a socket: no process holds it, and it goes away when its timer ends. */
  get isMini(): boolean {
    return this.timer === TIMER_TIME_WAIT;
  }
  /** A SYN that waits for its third ACK. */
  get isRequest(): boolean {
    return (this.byte(S.flags) & DUMP_SOCKET_FLAG.REQUEST) !== 0;
  }
  /** A TIME_WAIT entry that a difference to this dump leaves out while it is unchanged. */
  get isKept(): boolean {
    return (this.byte(S.flags) & DUMP_SOCKET_FLAG.KEPT) !== 0;
  }
  /** AF_INET 2, AF_INET6 10: of the socket, so v4-mapped is 10. */
  get family(): number {
    return this.byte(S.family);
  }
  get cookieLow(): number {
    return this.word(S.cookie);
  }
  get cookieHigh(): number {
    return this.word(S.cookie + 4);
  }
  get cookie(): bigint {
    return this.big(S.cookie);
  }
  /** One of the four 32-bit words of an address, 0 to 3, as they lie in memory. */
  localWord(index: number): number {
    return this.word(S.laddr + index * 4);
  }
  remoteWord(index: number): number {
    return this.word(S.raddr + index * 4);
  }
  get localBytes(): Uint8Array {
    return this.bytes(S.laddr, 16);
  }
  get remoteBytes(): Uint8Array {
    return this.bytes(S.raddr, 16);
  }
  get localPort(): number {
    return this.short(S.lport);
  }
  get remotePort(): number {
    return this.short(S.rport);
  }
  /** ms left of `timer`, of a mini-socket from the start of the dump on; one whose timer runs late stands at 0. */
  get expiresMs(): number {
    return this.word(S.expires_ms);
  }
  /** 0 for mini-sockets and requests. */
  get uid(): number {
    return this.word(S.uid);
  }
  /** 0: no file holds it (mini-sockets, requests, orphans, not yet accepted). */
  get inode(): number {
    return this.word(S.inode);
  }
}

/** A piece of a file's text. A file that the kernel does not have sends none. */
export class DumpText extends Cursor {
  /** Null: a file this version does not know. */
  get file(): DumpFile | null {
    return DUMP_FILES[this.short(T.file)] ?? null;
  }
  /** Of the piece in the file. */
  get offset(): number {
    return this.word(T.offset);
  }
  get isLast(): boolean {
    return (this.short(T.flags) & DUMP_TEXT_FLAG.LAST) !== 0;
  }
  /** With `isLast`: the file was longer than DUMP_TEXT_LIMIT. */
  get isCut(): boolean {
    return (this.short(T.flags) & DUMP_TEXT_FLAG.CUT) !== 0;
  }
  get text(): string {
    const room = this.short(T.size) - TEXT_BYTES;
    return latin1.decode(this.bytes(TEXT_BYTES, Math.min(this.short(T.length), room)));
  }
}

/** An entry of the base that the kernel has no more. */
export class DumpGone extends Cursor {
  get cookieLow(): number {
    return this.word(G.cookie);
  }
  get cookieHigh(): number {
    return this.word(G.cookie + 4);
  }
}

/** The namespace's last record. */
export class DumpEnd extends Cursor {
  get id(): number {
    return this.word(E.id);
  }
  /** CLOCK_MONOTONIC when the last socket had been dumped. */
  get endedNs(): number {
    return this.number64(E.ended_ns);
  }
  get sockets(): number {
    return this.word(E.sockets);
  }
  /** Positive errno. Not 0: sockets or texts are missing, and nothing may be concluded from what is not there. */
  get error(): number {
    return this.word(E.error);
  }
  /** TIME_WAIT entries that are left out. */
  get unchanged(): number {
    return this.word(E.unchanged);
  }
  /** Whoever took the dump may ask for a difference to it by this; 0: the next one is whole. */
  get generation(): number {
    return this.word(E.generation);
  }
}

export interface DumpSink {
  begin(begin: DumpBegin): void;
  socket(socket: DumpSocket): void;
  gone(gone: DumpGone): void;
  text(text: DumpText): void;
  end(end: DumpEnd): void;
}

export class DumpDecoder {
  private readonly begin: DumpBegin;
  private readonly socket: DumpSocket;
  private readonly gone: DumpGone;
  private readonly text: DumpText;
  private readonly end: DumpEnd;

  constructor(readonly batch: Batch) {
    this.begin = new DumpBegin(batch);
    this.socket = new DumpSocket(batch);
    this.gone = new DumpGone(batch);
    this.text = new DumpText(batch);
    this.end = new DumpEnd(batch);
  }

  /**
   * Hands every whole record between `from` and `length` to the sink; returns where it stopped: at the beginning of a
   * record that goes on after `length`, or at `length`. Errors: FormatError.
   */
  decode(length: number, sink: DumpSink, from = 0): number {
    let at = from;
    while (at + HEADER_BYTES <= length) {
      const type = this.batch.u16[at >> 1] as number;
      const size = this.batch.u16[(at >> 1) + 1] as number;
      if (!fits(type, size))
        throw new FormatError(`a dump record of type ${type} cannot have ${size} bytes`, at);
      if (at + size > length) break;
      this.dispatch(type, at, sink);
      at += size;
    }
    return at;
  }

  private dispatch(type: number, at: number, sink: DumpSink): void {
    if (type === DUMP.SOCKET) sink.socket(this.socket.moveTo(at));
    else if (type === DUMP.GONE) sink.gone(this.gone.moveTo(at));
    else if (type === DUMP.TEXT) sink.text(this.text.moveTo(at));
    else if (type === DUMP.BEGIN) sink.begin(this.begin.moveTo(at));
    else sink.end(this.end.moveTo(at));
  }
}

function fits(type: number, size: number): boolean {
  if (type === DUMP.SOCKET) return size === SOCKET_BYTES;
  if (type === DUMP.GONE) return size === GONE_BYTES;
  if (type === DUMP.TEXT) return size >= TEXT_BYTES && size % 8 === 0;
  if (type === DUMP.BEGIN) return size === BEGIN_BYTES;
  return type === DUMP.END && size === END_BYTES;
}
