/**
 * What cannot be seen for now, in words: what, why, what mends it. In: facts about the engine. Out: problems for
 * /healthz and the page. Pure.
 */
import { integer, lostWords, seconds } from '../protocol/format.js';
import type { Problem } from '../protocol/frames.js';
import type { Lost } from '../protocol/rows.js';
import type { ScanTrouble } from '../system/netns.js';

/** Namespaces whose counts rely on events alone for too long. */
export interface Late {
  readonly count: number;
  /** Of the one that waits for the longest time. */
  readonly name: string;
  readonly ageMs: number;
}

/** What the engine knows of its own tracing. Times are ms. */
export interface Condition {
  /** Since an event last found no room in the ring; null: never. */
  lostAgoMs: number | null;
  lost: Lost;
  /** Since an event was last lost for another reason; null: never. */
  missedAgoMs: number | null;
  timeWait: number;
  coverage: number | null;
  auditAgeMs: number | null;
  /** Namespaces with budgets whose last audit is too old; null: none. */
  late: Late | null;
  /** Why namespaces may be missing that nothing happened in yet; null: none are. */
  discovery: ScanTrouble | null;
  uptimeMs: number;
  /** Sockets that had no memory left for the tracer's state, since the start. */
  withoutStorage: number;
  /** Tables that hold as much as they may. */
  full: readonly string[];
}

/** A loss is reported for this long; one that made counts lower bounds is reported longer, since they stay so. */
const LOSS_TOLD_MS = 60_000;
const MISS_TOLD_MS = 600_000;
/** Owned less than this is worth a word, of no fewer entries than that. */
const COVERED = 0.95;
const ENTRIES = 100;
/** Entries older than the start are gone after this. */
const SEEDLESS_MS = 65_000;
/** Three times as long as an idle namespace is left alone. */
export const AUDIT_OLD_MS = 90_000;

export function problemsOf(condition: Condition): Problem[] {
  const all = [losses, misses, storage, owners, audits, discoveries, bounds].map((problemOf) =>
    problemOf(condition),
  );
  return all.filter((problem) => problem !== null);
}

function losses({ lost, lostAgoMs }: Condition): Problem | null {
  if (lostAgoMs === null || lostAgoMs > LOSS_TOLD_MS) return null;
  return {
    what: `Details of ${integer(lost.ring)} events are missing: counts stay exact, but new rows and quantiles lack them.`,
    why: 'The event ring was full within the last minute.',
    fix: 'Start the service with a larger --ring-bytes, or give it more processor time.',
  };
}

function misses({ lost, missedAgoMs }: Condition): Problem | null {
  if (missedAgoMs === null || missedAgoMs > MISS_TOLD_MS) return null;
  return {
    what: `Events were lost, ${lostWords(lost, ['recursion', 'storage'])}: rows that say so are lower bounds.`,
    why: 'The kernel did not run the tracer for them, as while a task runs that it hides from tracing, or had no memory.',
    fix: 'A restart of the service begins to count anew.',
  };
}

function storage({ withoutStorage }: Condition): Problem | null {
  if (withoutStorage === 0) return null;
  return {
    what: `${integer(withoutStorage)} sockets had no memory left for the tracer. They are traced all the same.`,
    why: 'Their options fill net.core.optmem_max, as keys of TCP_MD5SIG do: a router’s, or those of a program that hides.',
    fix: null,
  };
}

function owners({ coverage, timeWait, uptimeMs }: Condition): Problem | null {
  if (coverage === null || coverage >= COVERED || timeWait < ENTRIES) return null;
  const unknown = Math.round((1 - coverage) * timeWait);
  const isYoung = uptimeMs < SEEDLESS_MS;
  return {
    what: `${integer(unknown)} TIME_WAIT entries have no owner.`,
    why: isYoung
      ? 'They are older than the service, and the kernel forgets who made them.'
      : 'Their sockets were in no descriptor when the service started, or their owner’s announcement was lost.',
    fix: isYoung
      ? null
      : 'Restart the programs that hold them, or wait until they have opened new connections.',
  };
}

function audits({ auditAgeMs, late }: Condition): Problem | null {
  const ageMs = late?.ageMs ?? auditAgeMs;
  if (ageMs === null || (late === null && ageMs < AUDIT_OLD_MS)) return null;
  return {
    what: `Counts${late === null ? '' : whereOf(late)} were last compared with the kernel’s own list ${seconds(ageMs / 1000)} ago.`,
    why: 'Reading it takes too long, or fails: the service’s log says which. Or neither a process nor a file in /run/netns leads there.',
    fix: 'portchurn doctor',
  };
}

function whereOf({ count, name }: Late): string {
  const more = count === 1 ? '' : ` and ${integer(count - 1)} more`;
  return ` of network namespace ${name}${more}`;
}

function discoveries({ discovery }: Condition): Problem | null {
  if (discovery === null) return null;
  const what = 'Network namespaces may be missing or have old names, until something happens in them.';
  if ('error' in discovery) return { what, why: `The scan of /proc failed: ${discovery.error}.`, fix: null };
  return {
    what,
    why: `There are more than ${integer(discovery.limit)} processes, and a scan of /proc looks at no more.`,
    fix: 'ip netns attach NAME PID: a namespace with a file in /run/netns is always seen.',
  };
}

function bounds({ full }: Condition): Problem | null {
  if (full.length === 0) return null;
  return {
    what: `Some rows stand for many, or are missing: there is no room for more ${full.join(', ')}. Sums stay exact.`,
    why: 'Every table is bounded: docs/limits.md says at which figure, and what becomes of the rest.',
    fix: null,
  };
}
