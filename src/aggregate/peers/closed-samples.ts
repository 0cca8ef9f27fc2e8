/**
 * A few connections of each flow, noted when they close, to look for their other ends later. Only those of which this end leaves nothing: the
 * other one then keeps an entry for a minute, with the same ends in reverse. In: closes. Out: their ends, once. Bounded; a flow that no sample is
 * wanted of costs one comparison per close.
 */
import type { TcpEvent } from '../../decode/batch.js';
import { END } from '../../decode/layout.js';
import type { Flow } from '../model/flow.js';
import { KeptEnds } from './kept-ends.js';

/** Of all flows, in one second. */
const MOST = 256;

export class ClosedSample {
  readonly ends = new KeptEnds();
  flow: Flow | null = null;
  /** CLOCK_MONOTONIC ns. */
  closedAt = 0;
}

export class ClosedSamples {
  /** Ports on which somebody here listens and to which somebody here connects. */
  ports: ReadonlySet<number> = new Set();
  private samples = someSamples();
  private older = someSamples();
  private filled = 0;
  private olderFilled = 0;

  note(event: TcpEvent, flow: Flow): void {
    const { end } = event;
    if (end === END.TIME_WAIT || end === END.FIN_WAIT2) return;
    if (this.filled === MOST || !this.ports.has(flow.destination.port)) return;
    const sample = this.samples[this.filled] as ClosedSample;
    this.filled += 1;
    flow.samples -= 1;
    sample.flow = flow;
    sample.closedAt = event.timeNs;
    sample.ends.take(event);
  }

  /** Those of a second ago: by now the other end has closed as well. */
  *takeOlder(): Generator<ClosedSample> {
    const { older, olderFilled } = this;
    this.older = this.samples;
    this.olderFilled = this.filled;
    this.samples = older;
    this.filled = 0;
    for (let at = 0; at < olderFilled; at++) {
      const sample = older[at] as ClosedSample;
      yield sample;
      sample.flow = null;
    }
  }
}

const someSamples = () => Array.from({ length: MOST }, () => new ClosedSample());
