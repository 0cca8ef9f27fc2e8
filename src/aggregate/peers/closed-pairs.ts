/**
 * Both ends of connections that have closed, where the addresses between them may be translated (DNAT, masquerading): behind the two FINs both ends
 * have the same two sequence numbers, of which an event has one mark (bpf/emit.bpf.h). In: closes of both ends; `tick` once a second. Out: verdicts, one
 * per connection of a client: whose server it is, or that it leads elsewhere.
 *
 * Of many closes a part is compared, and the same part at both ends: those whose mark is below a limit, which follows the load. Two
 * connections have one mark by chance once in 2^32, so that several must agree (tally.ts). docs/decisions/peers.md.
 */
import type { TcpEvent } from '../../decode/batch.js';
import { DIRECTION } from '../../decode/layout.js';
import type { Flow } from '../model/flow.js';
import { mayHold } from './join.js';
import type { Verdict } from './translated.js';

/** Of each end, in one second: what is aimed at, and what there is room for. */
const AIM = 512;
const MOST = 1024;
const EVERY_MARK = 2 ** 32;
/** The other end closes at most so many seconds earlier or later. */
const APART = 2;

/** The closes of one second, by their marks. */
class Second {
  readonly clients = new Map<number, Flow>();
  readonly servers = new Map<number, Flow>();
  /** Closes that there was no room for. */
  left = 0;
  /** Events were lost: what is not here may have been. */
  isWhole = true;

  /** @param limit marks below it are here */
  constructor(readonly limit: number) {}

  add(mark: number, flow: Flow): void {
    const ends = flow.direction === DIRECTION.OUT ? this.clients : this.servers;
    if (ends.size < MOST) ends.set(mark, flow);
    else this.left += 1;
  }

  /** Whether a mark that is not here was no close of this second. */
  hasAll(mark: number): boolean {
    return this.isWhole && this.left === 0 && mark < this.limit;
  }

  /** Of the next one, at the same load. */
  get nextLimit(): number {
    const closes = Math.max(this.clients.size, this.servers.size) + this.left;
    return Math.min(EVERY_MARK, this.limit * (closes > AIM ? AIM / closes : 2));
  }
}

export class ClosedPairs {
  private limit = EVERY_MARK;
  private now = new Second(this.limit);
  /** The seconds before it, the youngest first. */
  private before: readonly Second[] = [];

  note(event: TcpEvent, flow: Flow): void {
    const mark = event.seqMark;
    if (mark !== 0 && mark < this.limit && flow.isPaired) this.now.add(mark, flow);
  }

  /** @param hasLost whether events of the last second were lost */
  *tick(hasLost: boolean): Generator<Verdict> {
    this.now.isWhole = !hasLost;
    const seconds = [this.now, ...this.before].slice(0, 2 * APART + 1);
    this.limit = this.now.nextLimit;
    this.before = seconds;
    this.now = new Second(this.limit);
    for (const [mark, flow] of seconds[APART]?.clients ?? []) {
      const verdict = judge(seconds, mark, flow.current);
      if (verdict !== null) yield verdict;
    }
  }
}

function judge(seconds: readonly Second[], mark: number, client: Flow): Verdict | null {
  if (client.destination.address === null || !client.isPaired) return null;
  const found = seconds.find(({ servers }) => servers.has(mark))?.servers.get(mark)?.current;
  if (found === undefined) return areWhole(seconds, mark) ? { client, server: null } : null;
  if (found.owner.id === 0 || isAt(found, client)) return null;
  return { client, server: mayHold(found.namespace, client) ? found : null };
}

/** Whether a mark that no server has here is of a connection to another machine. */
const areWhole = (seconds: readonly Second[], mark: number): boolean =>
  seconds.every((second) => second.hasAll(mark));

/** Nothing is translated: then the four numbers decide (join.ts). */
const isAt = ({ destination }: Flow, client: Flow): boolean =>
  destination.port === client.destination.port &&
  destination.words.every((word, at) => word === client.destination.words[at]);
