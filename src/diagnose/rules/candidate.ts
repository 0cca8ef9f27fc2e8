/** What all candidates have in common, filled in. */
import type { Evidence, Place, ProcessInfo } from '../../protocol/rows.js';
import type { Actor, Candidate } from '../types.js';

/** Evidence must last this long before it is shown, seconds: a burst is no habit. */
const APPEAR_AFTER = 3;

type Stated = 'rule' | 'severity' | 'priority' | 'title' | 'evidence';
type Known = Pick<Candidate, Stated> & Partial<Candidate>;

interface Subject {
  readonly key: string;
  readonly process: ProcessInfo;
  /** Of an actor that stands for several processes. */
  readonly pids?: readonly number[];
  readonly processes?: number;
  readonly program: string | null;
  readonly destination: Place;
  readonly netns: number | null;
  readonly netnsId: string | null;
}

/** @param about an actor, or anything with a key, a process and a destination */
export function candidate(about: Subject, known: Known): Candidate {
  const { process, program, destination, netns, netnsId } = about;
  return {
    key: `${known.rule} ${about.key}`,
    weight: 0,
    onlyGoesOn: false,
    appearAfter: APPEAR_AFTER,
    confidence: 'high',
    confidenceReason: 'counted in the kernel',
    doNow: [],
    fixForGood: [],
    findLine: [],
    process,
    program,
    destination,
    netns,
    netnsId,
    ...known,
    evidence: [...known.evidence, ...pidEvidence(about)],
  };
}

/** What is said of several processes says of which. */
function pidEvidence({ process, pids = [], processes = pids.length }: Subject): Evidence[] {
  if (process.pid !== null || pids.length < 2) return [];
  const more = processes > pids.length ? ' and others' : '';
  return [{ text: 'pids', value: `${pids.join(', ')}${more}` }];
}

export function isOut(actor: Actor): boolean {
  return actor.direction === 'out';
}

/** Entries older than the tracer have no known owner. */
export function isKnown({ process, program }: Pick<Actor, 'process' | 'program'>): boolean {
  return process.pid !== null || program !== null || process.name !== null;
}
