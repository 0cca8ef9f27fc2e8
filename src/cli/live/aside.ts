/**
 * What is shown of one row besides its numbers: the events of its process as they come, the last ones kept, and for the detail what is made on
 * request. In: a feed, an HTTP client. Out: an Aside, for as long as a row is looked at.
 */
import type { HttpClient } from '../../client/http.js';
import type { ConnectionEvent } from '../../protocol/rows.js';
import type { SideFeed } from './feed.js';
import type { Aside } from './scene.js';

/** Events kept: more than fit on a screen. */
const MOST_EVENTS = 60;
/** As many are asked for at once, about a screen of them: nobody reads more in a second, and what comes faster is counted. */
export const EVENTS_AT_ONCE = 24;
/** Details change slowly, and cost the service something. */
const DETAIL_MS = 2000;

/** The row to follow; the one that is followed already goes on. */
export interface Followed {
  readonly key: string;
  /** Null: several processes, whose events are not followed. */
  readonly pid: number | null;
  readonly withDetail: boolean;
}

export interface Follower {
  readonly value: Aside | null;
  /** Null: no row. */
  on(row: Followed | null): void;
}

export function follow(feed: SideFeed, http: HttpClient, onChange: () => void): Follower {
  let value: Aside | null = null;
  const events = switched();
  const details = switched();
  const set = (next: Partial<Aside>) => {
    if (value !== null) value = { ...value, ...next };
    onChange();
  };
  const listen = (came: readonly ConnectionEvent[], dropped: number) => {
    if (value === null || (came.length === 0 && dropped === 0)) return;
    set({ events: [...value.events, ...came].slice(-MOST_EVENTS), dropped: value.dropped + dropped });
  };
  const look = async (key: string) => {
    const detail = await http.flowDetail(key).catch(() => null);
    if (value?.key === key && detail !== null) set({ detail });
  };
  const lookOften = (key: string) => {
    void look(key);
    const timer = setInterval(() => void look(key), DETAIL_MS);
    return () => clearInterval(timer);
  };
  return {
    get value() {
      return value;
    },
    on(row) {
      if (row?.key !== value?.key)
        value = row === null ? null : { key: row.key, detail: null, events: [], dropped: 0 };
      const pid = row?.pid ?? null;
      events.to(row?.key ?? null, () => (pid === null ? NOTHING : feed.follow(pid, EVENTS_AT_ONCE, listen)));
      const detailed = row?.withDetail ? row.key : null;
      details.to(detailed, (key) => lookOften(key));
    },
  };
}

const NOTHING = () => undefined;

/** What goes on as long as its key is the same. */
export function switched(): { to(key: string | null, begin: (key: string) => () => void): boolean } {
  let current: string | null = null;
  let end: () => void = NOTHING;
  return {
    /** Returns whether it is another now. */
    to(key, begin) {
      if (key === current) return false;
      end();
      current = key;
      end = key === null ? NOTHING : begin(key);
      return true;
    },
  };
}
