/**
 * The protocol's fixed names and limits, without the schema library, so that a page can import the values at no cost. In:
 * nothing. Out: constants, which frames.ts exports again.
 */
import type { Destination, ProcessInfo } from './rows.js';

export const PROTOCOL = 1;
export const SUBPROTOCOL = 'portchurn.v1';
/** A browser cannot set headers on a WebSocket: it offers the token as a second subprotocol, base64url behind this. */
export const BEARER_PREFIX = 'bearer.';
export const DEFAULT_LISTEN = '127.0.0.1:7790';
/** Where the unit listens besides, in a directory that root or systemd made: deploy/systemd/portchurn.service. */
export const DEFAULT_SOCKET = '/run/portchurn/portchurn.sock';
export const STREAM_PATH = '/api/v1/stream';
/** POST with `Authorization: Bearer` answers 204 and sets the session cookie. The only POST there is. */
export const SESSION_PATH = '/api/v1/session';
/** How far GET /api/v1/history reaches back. */
export const HISTORY_SECONDS = 900;

/** Longest frame a client may send, bytes; a longer one closes 1009. */
export const MAX_CLIENT_FRAME = 64 * 1024;
export const DEFAULT_LIMIT = 1000;
export const MAX_LIMIT = 5000;
/** Longest id a client may give a subscription, characters. */
export const MAX_SUB = 128;
/** Longest filter expression, characters. */
export const MAX_FILTER = 4096;
/** Longest key of a budget that a subscription may ask for, characters. */
export const MAX_BUDGET_KEY = 256;
/** A port map is made at most this often. */
export const PORTS_INTERVAL_MS = 1000;
/** Longest interval that a subscription may ask for. */
export const MAX_INTERVAL_MS = 60_000;
/** A subscription gets a frame at least this often, unless it asked for a longer interval. */
export const HEARTBEAT_MS = 5000;
export const PING_MS = 15_000;
/** A connection whose client takes nothing for this long is closed. */
export const STALL_MS = 30_000;

/** WebSocket close codes a client may see. */
export const CLOSE = { goingAway: 1001, flooding: 1008, tooLarge: 1009, stalled: 4408 } as const;

/** Pids listed of a row that stands for several processes. */
export const MOST_LISTED_PIDS = 16;

export const GROUPS = ['program', 'unit', 'container', 'pod', 'workload', 'destination', 'netns'] as const;
export type Group = (typeof GROUPS)[number];

/** How a service traces: with BPF programs, by polling the kernel, or by replaying a recording. */
export const MODES = ['ebpf', 'polling', 'replay'] as const;
export type Mode = (typeof MODES)[number];

/** Holders that a budget's row names, the most ports first. */
export const MOST_HOLDERS = 10;

/** Settings that one command changes come within this, ms. */
export const TOGETHER_MS = 2000;

/** The process of which nothing is known. */
export const UNKNOWN_PROCESS: ProcessInfo = {
  pid: null,
  name: null,
  interpreter: null,
  script: null,
  startTime: null,
  ppid: null,
  parent: { pid: null, comm: null },
  comm: null,
  exe: null,
  cmdline: null,
  uid: null,
  cgroup: null,
  unit: null,
  container: null,
  image: null,
  pod: null,
  workload: null,
  workloadGuessed: null,
  exited: null,
  self: false,
};

/** The destination of which nothing is known, or of what has none. */
export const NOWHERE: Destination = { address: null, port: null, name: null, service: null, peer: null };

/**
 * Why an event did not come. `ring`: it was full; the overflow counters have the event, so counts stay exact and only details are lost.
 * `recursion`: the kernel did not show it to the program. `storage`: there was no memory to note it, or no room in the counters.
 */
export const LOSS_REASONS = ['ring', 'recursion', 'storage'] as const;
export type LossReason = (typeof LOSS_REASONS)[number];
