/**
 * The one schema of every option of every command. From it come the flags, the PORTCHURN_* variables, the keys of the
 * YAML file, the checks, the defaults and --help. In: nothing.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { DEFAULT_LIMIT, DEFAULT_LISTEN, GROUPS, MAX_LIMIT } from '../protocol/frames.js';
import { parseUnix } from '../protocol/service-address.js';
import { LISTEN_WANTED, MODE_PATTERN, MODE_WANTED, parseListen } from './listen.js';

/** What a shell can offer as a value: something of this machine, or a part of the query language. */
export type ValueKind = 'file' | 'directory' | 'process' | 'netns' | 'service' | 'filter' | 'sort';

/** A word that a command cannot do without; it is one of a few. */
export interface ArgumentSpec {
  readonly name: string;
  readonly words: readonly string[];
  readonly help: string;
}

/** How an option is written on a command line; its name elsewhere follows from its key (see names.ts). */
export interface OptionSpec {
  readonly schema: TSchema;
  readonly help: string;
  /** Placeholder of the value in --help; a switch has none. */
  readonly arg?: string;
  readonly short?: string;
  /** A switch that also has a --no- form. */
  readonly negatable?: true;
  readonly default?: unknown;
  /** The next step to show with a bad value. */
  readonly hint?: string;
  /** What its values are, where the schema does not list them: for the completion of a shell. */
  readonly values?: ValueKind;
  /** What the schema cannot say; of a text, all that is wanted. Of a list it is about each item. */
  readonly also?: { readonly accepts: (value: never) => boolean; readonly wanted: string };
}

const Switch = Type.Boolean();
const Seconds = Type.Number({ exclusiveMinimum: 0, maximum: 86_400 });
const Texts = Type.Array(Type.String({ minLength: 1 }));

const common = {
  config: {
    schema: Type.String({ minLength: 1 }),
    arg: 'F',
    help: 'YAML file with options, keys named like the flags',
    values: 'file',
  },
  logLevel: {
    schema: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    arg: 'LEVEL',
    help: 'least severe log line on stderr: trace, debug, info, warn, error, silent',
    default: 'info',
  },
} as const satisfies Record<string, OptionSpec>;

const tracer = {
  noSyscalls: {
    schema: Switch,
    help: 'attach no system call tracepoints (they cost every call about 8 ns): no acceptors, no early failures',
    default: false,
  },
  portableVerdict: {
    schema: Switch,
    help: "judge closes by their sockets alone, without looking into the kernel's table of sockets",
    default: false,
  },
  redact: {
    schema: Switch,
    help: 'hide arguments of command lines, tags of images, and names of addresses and ports',
    default: false,
  },
  ringBytes: {
    schema: Type.Integer({ minimum: 1 << 16, maximum: 1 << 30 }),
    arg: 'BYTES',
    help: 'size of the event ring, a power of two: how long a stall loses nothing',
    default: 16 << 20,
    also: { accepts: (bytes: number) => (bytes & (bytes - 1)) === 0, wanted: 'a power of two' },
  },
} as const satisfies Record<string, OptionSpec>;

const screen = {
  color: {
    schema: Switch,
    negatable: true,
    help: 'colours (default: on a terminal, unless NO_COLOR is set)',
  },
  ascii: { schema: Switch, help: 'plain ASCII instead of – → …', default: false },
} as const satisfies Record<string, OptionSpec>;

const tokenFile = {
  schema: Type.String({ minLength: 1 }),
  arg: 'F',
  help: 'file with the token that the service asks for',
  values: 'file',
} as const satisfies OptionSpec;

const attach = {
  connect: {
    schema: Type.String({ minLength: 1 }),
    arg: 'URL',
    help: 'attach to the service at this URL or unix:/PATH (default: one on this machine)',
    values: 'service',
    also: { accepts: isServiceUrl, wanted: 'a URL like http://127.0.0.1:7790, or unix:/PATH' },
  },
  standalone: { schema: Switch, help: 'trace by itself even if a service is running', default: false },
  tokenFile,
  filter: {
    schema: Type.String(),
    arg: 'E',
    help: "only what matches, for example 'dst:10.0.0.0/8 !process:curl'",
    values: 'filter',
    default: '',
  },
} as const satisfies Record<string, OptionSpec>;

/** What the commands that look once at the diagnosis share. */
const diagnosis = {
  output: {
    schema: Type.Enum(['text', 'json']),
    short: '-o',
    arg: 'FORMAT',
    help: 'text or json',
    default: 'text',
  },
  duration: {
    schema: Seconds,
    arg: 'S',
    help: 'seconds to trace when there is no service to ask',
    default: 5,
  },
  connect: attach.connect,
  standalone: attach.standalone,
  tokenFile,
  ...tracer,
} as const satisfies Record<string, OptionSpec>;

/** What the commands take that say how ports stand, for a part of the machine. */
const scope = {
  filter: {
    ...attach.filter,
    help: "only the budgets, failures and findings that match, for example 'dst:10.0.0.9:5432'",
  },
  netns: {
    schema: Type.String({ minLength: 1 }),
    arg: 'N',
    help: 'only this network namespace: a name, an inode, or pid:P for that of a process',
    values: 'netns',
    also: { accepts: isNetns, wanted: 'a name, an inode, or pid:P' },
  },
} as const satisfies Record<string, OptionSpec>;

const Percent = Type.Number({ minimum: 0, maximum: 100 });
const Addresses = Type.Integer({ minimum: 1, maximum: 65_536 });

function isRange(text: string): boolean {
  const [low = 0, high = 0] = text.split('-').map(Number);
  return low >= 1 && low <= high && high <= 65_535;
}

function isNetns(text: string): boolean {
  return !text.startsWith('pid:') || /^pid:[1-9]\d{0,6}$/.test(text);
}

/** Of the service, and of the doctor, which tries it. */
const containerSocket = {
  schema: Texts,
  arg: 'ADDR',
  help: 'also ask this socket of Docker or Podman for names of containers: unix:/PATH (repeatable); whoever may ask it is equal to root',
  default: [],
  also: { accepts: (text: string) => parseUnix(text) !== null, wanted: 'unix:/PATH' },
} as const satisfies OptionSpec;

/** Rows of a table that a person takes in. */
export const SCREEN_LIMIT = 20;

function isServiceUrl(text: string): boolean {
  return parseUnix(text) !== null || /^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '');
}

const intervalMs = (what: string) =>
  ({
    schema: Type.Integer({ minimum: 100, maximum: 60_000 }),
    arg: 'MS',
    help: what,
    default: 1000,
  }) as const;

export interface CommandSpec {
  readonly summary: string;
  readonly argument?: ArgumentSpec;
  readonly options: Readonly<Record<string, OptionSpec>>;
}

/** What each command takes. The order is that of --help. */
export const COMMANDS = {
  serve: {
    summary: 'trace, and serve the dashboard, WebSocket, HTTP API and metrics',
    options: {
      listen: {
        schema: Texts,
        arg: 'ADDR',
        help: `${LISTEN_WANTED} (repeatable); beyond loopback a token file is required`,
        default: [DEFAULT_LISTEN],
        also: { accepts: (text: string) => parseListen(text) !== null, wanted: LISTEN_WANTED },
      },
      socketMode: {
        schema: Type.String({ pattern: MODE_PATTERN }),
        arg: 'MODE',
        help: 'who may open the socket file of unix:/PATH: where others may not, no token is asked for there',
        default: '0660',
        also: { accepts: () => true, wanted: MODE_WANTED },
      },
      socketGroup: {
        schema: Type.String({ minLength: 1 }),
        arg: 'GROUP',
        help: 'whose socket file it is, a name or a number',
      },
      tokenFile: { ...tokenFile, help: 'file with the token that clients must present' },
      interval: intervalMs('milliseconds between two publications'),
      filter: { ...attach.filter, help: 'publish only what matches' },
      allowHost: { schema: Texts, arg: 'H', help: 'another Host header to accept (repeatable)', default: [] },
      allowOrigin: { schema: Texts, arg: 'O', help: 'another Origin to accept (repeatable)', default: [] },
      onIncident: {
        schema: Type.String({ minLength: 1 }),
        arg: 'CMD',
        help: 'run this program for each incident that opens, becomes critical, eases or is over, with its row as JSON on stdin; no shell',
        values: 'file',
      },
      containerSocket,
      stateDir: {
        schema: Type.String({ minLength: 1 }),
        arg: 'D',
        help: 'directory for what outlives a restart: open incidents, and whose connections there are (default: $STATE_DIRECTORY)',
        values: 'directory',
      },
      keepPrivileges: {
        schema: Switch,
        help: 'started as root, keep every capability instead of only those that are used',
        default: false,
      },
      noPolling: {
        schema: Switch,
        help: 'end where BPF is refused, instead of polling sock_diag and /proc',
        default: false,
      },
      ...tracer,
      ...common,
    },
  },
  top: {
    summary: 'which process churns connections, toward which destination',
    options: {
      once: { schema: Switch, help: 'print one table and exit', default: false },
      plain: {
        schema: Switch,
        help: 'print tables one after the other instead of the live screen: for screen readers, and to scroll back',
        default: false,
      },
      output: {
        schema: Type.Enum(['table', 'json', 'ndjson', 'csv']),
        short: '-o',
        arg: 'FORMAT',
        help: 'table, json, ndjson or csv',
        default: 'table',
      },
      group: { schema: Type.Enum(GROUPS), arg: 'G', help: `sum up by ${GROUPS.join(', ')}` },
      sort: {
        schema: Type.String({ pattern: '^-?[A-Za-z][A-Za-z0-9.]*$' }),
        arg: 'FIELD',
        help: 'row field to sort by, a leading - is descending (default: the worst first)',
        values: 'sort',
      },
      limit: {
        schema: Type.Integer({ minimum: 1, maximum: MAX_LIMIT }),
        arg: 'N',
        help: `most rows to print (default: ${SCREEN_LIMIT} in a table on a terminal, else ${DEFAULT_LIMIT})`,
      },
      duration: {
        schema: Seconds,
        arg: 'S',
        help: 'seconds to run (default: 5 with --once, else until Ctrl-C)',
      },
      interval: intervalMs('milliseconds between two tables'),
      ...attach,
      ...tracer,
      ...screen,
      ...common,
      logLevel: { ...common.logLevel, default: 'warn' },
    },
  },
  trace: {
    summary: 'one line per connection event',
    options: {
      pid: {
        schema: Type.Array(Type.Integer({ minimum: 1, maximum: 4_194_304 })),
        arg: 'P',
        help: 'only this process, filtered in the kernel (repeatable)',
        values: 'process',
        hint: 'pgrep -a NAME finds it',
        default: [],
      },
      raw: { schema: Switch, help: 'show every TCP state transition too', default: false },
      output: {
        schema: Type.Enum(['table', 'ndjson']),
        short: '-o',
        arg: 'FORMAT',
        help: 'table or ndjson',
        default: 'table',
      },
      duration: { schema: Seconds, arg: 'S', help: 'seconds to run (default: until Ctrl-C)' },
      ...attach,
      ...tracer,
      ...screen,
      ...common,
      logLevel: { ...common.logLevel, default: 'warn' },
    },
  },
  why: {
    summary: 'who burns the ports, toward what, and what to change, in prose',
    options: {
      all: {
        schema: Switch,
        help: 'every finding with its evidence and every fix, instead of what fits a screen',
        default: false,
      },
      ...scope,
      ...diagnosis,
      ...screen,
      ...common,
      logLevel: { ...common.logLevel, default: 'warn' },
    },
  },
  check: {
    summary: 'one line for a monitoring system, exit 0 ok, 1 warning, 2 critical, 3 unknown',
    options: {
      warn: {
        schema: Percent,
        arg: 'PERCENT',
        help: 'fill of the tightest budget that is a warning',
        default: 70,
      },
      crit: {
        schema: Percent,
        arg: 'PERCENT',
        help: 'fill of the tightest budget that is critical',
        default: 90,
      },
      ...scope,
      ...diagnosis,
      ...common,
      logLevel: { ...common.logLevel, default: 'warn' },
    },
  },
  'what-if': {
    summary: 'the new limit and the time to exhaustion under other settings, before anything is touched',
    options: {
      range: {
        schema: Type.String({ pattern: '^\\d{1,5}-\\d{1,5}$' }),
        arg: 'LOW-HIGH',
        help: 'another net.ipv4.ip_local_port_range, for example 1024-65535',
        also: { accepts: isRange, wanted: 'LOW-HIGH within 1-65535' },
      },
      twReuse: {
        schema: Type.Integer({ minimum: 0, maximum: 2 }),
        arg: 'N',
        help: 'another net.ipv4.tcp_tw_reuse: 0, 1 or 2',
      },
      sources: {
        schema: Addresses,
        arg: 'N',
        help: 'connections spread over N source addresses',
        default: 1,
      },
      destinations: {
        schema: Addresses,
        arg: 'N',
        help: 'connections spread over N destination addresses or ports',
        default: 1,
      },
      reuse: {
        schema: Percent,
        arg: 'PERCENT',
        help: 'this share of new connections reused instead',
        default: 0,
      },
      filter: {
        ...attach.filter,
        help: "budgets to look at, for example 'dst:10.0.0.9:5432' (default: the tightest)",
      },
      ...diagnosis,
      ...screen,
      ...common,
      logLevel: { ...common.logLevel, default: 'warn' },
    },
  },
  demo: {
    summary: 'an incident on purpose, in a network namespace of its own: what the tool says, and a fix',
    options: {
      seconds: {
        schema: Type.Number({ minimum: 30, maximum: 3600 }),
        arg: 'S',
        help: 'seconds that it takes',
        default: 180,
      },
      connect: attach.connect,
      standalone: attach.standalone,
      tokenFile,
      ...tracer,
      ...common,
      logLevel: { ...common.logLevel, default: 'warn' },
    },
  },
  doctor: {
    summary: 'can this machine trace? each missing thing with its fix',
    options: {
      output: {
        schema: Type.Enum(['text', 'json']),
        short: '-o',
        arg: 'FORMAT',
        help: 'text or json',
        default: 'text',
      },
      containerSocket: {
        ...containerSocket,
        help: 'a socket that the service is to ask: does it answer? (repeatable)',
      },
      ...screen,
      config: common.config,
    },
  },
  completion: {
    summary: 'a script by which a shell completes commands, options, their values and filters',
    argument: { name: 'shell', words: ['bash', 'zsh', 'fish'], help: 'whose script it is' },
    options: {},
  },
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof COMMANDS;
export type SpecsOf<C extends CommandName> = (typeof COMMANDS)[C]['options'];

type ValueOf<S> = S extends { schema: infer T extends TSchema }
  ? S extends { default: unknown }
    ? Static<T>
    : Static<T> | undefined
  : never;

type ArgumentOf<S> = S extends {
  argument: { name: infer N extends string; words: readonly (infer W)[] };
}
  ? { [K in N]: W }
  : unknown;

/** Every option of a command with a checked value; without a default and not given: undefined. Its argument by its name. */
export type ValuesOf<C extends CommandName> = {
  -readonly [K in keyof SpecsOf<C>]: ValueOf<SpecsOf<C>[K]>;
} & ArgumentOf<(typeof COMMANDS)[C]>;
