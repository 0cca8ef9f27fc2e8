/**
 * What the time of an attempt says of its SYN: the kernel sends it again when no answer has come for a second, sooner only where a
 * program of the machine (BPF) says so, and then the event says that it did. In: events of attempts. Pure.
 */
import type { TcpEvent } from '../../decode/batch.js';
import { FLAG } from '../../decode/layout.js';

/** TCP_TIMEOUT_INIT is a second; its timer may fire a little early. */
const FIRST_TIMEOUT_NS = 0.9e9;

const wasRetried = ({ flags }: TcpEvent) => (flags & FLAG.RETRIED) !== 0;

/** A connect that came to be only with a second SYN. */
export function lostSyn(event: TcpEvent): boolean {
  return wasRetried(event) || event.connectUs * 1000 >= FIRST_TIMEOUT_NS;
}

/** An attempt that its program gave up no sooner than the kernel would have tried again. */
export function wasUnanswered(event: TcpEvent): boolean {
  return wasRetried(event) || event.durationNs >= FIRST_TIMEOUT_NS;
}
