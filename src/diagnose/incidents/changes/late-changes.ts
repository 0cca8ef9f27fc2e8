/** Changes of settings of the last minute, in all namespaces: what was changed shortly before an incident may be why it began. Bounded. */
import type { Change, IncidentKind } from '../../../protocol/rows.js';
import { MOST_CHANGES } from './judgement.js';
import { effectOn } from './settings.js';

/** In all namespaces. */
const MOST_LATE = 200;
/** Before an incident begins, ms: what was changed then may be why it did. */
const SHORTLY_MS = 60_000;

/** Changes of settings by namespace, as long as an incident may begin because of them. */
export class LateChanges {
  private all: { readonly netnsId: string | null; readonly change: Change }[] = [];

  add(netnsId: string | null, change: Change): void {
    const isLate = (one: Change) => change.time - one.time <= SHORTLY_MS;
    const kept = this.all.filter((one) => isLate(one.change));
    this.all = [...kept, { netnsId, change }].slice(-MOST_LATE);
  }

  /** Those that may have made it begin. @param since when it did, Unix ms */
  before(since: number, netnsId: string | null, kind: IncidentKind): Change[] {
    const isLate = ({ time }: Change) => Math.abs(since - time) <= SHORTLY_MS;
    return this.all
      .filter((one) => one.netnsId === netnsId && isLate(one.change))
      .map(({ change }) => change)
      .filter(({ text: what }) => effectOn(kind, what) === 'harms')
      .slice(-MOST_CHANGES);
  }
}
