/**
 * What the detail shows besides its row: details that are made on request, and the events of its process as they come, the last ones kept.
 * In: a feed, an HTTP client. Out: an Aside, for as long as a row is looked at.
 */
import type { HttpClient } from '../../client/http.js';
import type { ConnectionEvent, FlowRow } from '../../protocol/rows.js';
import type { LiveFeed } from './feed.js';
import type { Aside } from './scene.js';

/** More than fit on a screen. */
const MOST_EVENTS = 200;
/** Details change slowly, and cost the service something. */
const DETAIL_MS = 2000;

export interface Follower {
  readonly value: Aside | null;
  /** The row to follow; the one that is followed already goes on. Null: none. */
  on(key: string | null, pid: number | null): void;
  stop(): void;
}

/** The flows that a what-if goes by. */
export interface FlowsFollower {
  /** Null: none are followed, or they have not come yet. */
  readonly rows: readonly FlowRow[] | null;
  /** Those that match; the same filter goes on. Null: none. */
  on(filter: string | null): void;
}

export function followFlows(feed: LiveFeed, onChange: () => void): FlowsFollower {
  let followed: string | null = null;
  let rows: readonly FlowRow[] | null = null;
  let end: () => void = () => undefined;
  return {
    get rows() {
      return rows;
    },
    on(filter) {
      if (filter === followed) return;
      end();
      [followed, rows, end] = [filter, null, () => undefined];
      if (filter === null) return;
      end = feed.flows(filter, (next) => {
        rows = next;
        onChange();
      });
    },
  };
}

export function follow(feed: LiveFeed, http: HttpClient, onChange: () => void): Follower {
  let value: Aside | null = null;
  let end: () => void = () => undefined;
  const set = (next: Partial<Aside>) => {
    if (value !== null) value = { ...value, ...next };
    onChange();
  };
  const look = async (key: string) => {
    const detail = await http.flowDetail(key).catch(() => null);
    if (value?.key === key && detail !== null) set({ detail });
  };
  const listen = (events: readonly ConnectionEvent[], dropped: number) => {
    if (value === null || (events.length === 0 && dropped === 0)) return;
    set({ events: [...value.events, ...events].slice(-MOST_EVENTS), dropped: value.dropped + dropped });
  };
  const begin = (key: string, pid: number | null) => {
    value = { key, detail: null, events: [], dropped: 0 };
    void look(key);
    const timer = setInterval(() => void look(key), DETAIL_MS);
    const unfollow = pid === null ? () => undefined : feed.follow(pid, listen);
    end = () => {
      clearInterval(timer);
      unfollow();
    };
  };
  const stop = () => {
    end();
    end = () => undefined;
    value = null;
  };
  return {
    get value() {
      return value;
    },
    on(key, pid) {
      if (key === (value?.key ?? null)) return;
      stop();
      if (key !== null) begin(key, pid);
    },
    stop,
  };
}
