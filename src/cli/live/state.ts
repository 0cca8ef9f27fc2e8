/**
 * What the user has chosen on the live screen, and how a key changes it. Pure: the rows that are shown come in, what a key asks of the
 * world goes out as an effect. The keys are those of the page.
 */
import { GROUPS, type Group } from '../../protocol/names.js';
import type { Input } from './tty/keys.js';
import { changed, WISHES, type Wishes, wished } from './wishes.js';

/** What lies over the tables; null: nothing. */
export type Overlay = 'detail' | 'fix' | 'what-if' | 'help';

/** By what the culprits stand, the worst first. `s` goes from one to the next. */
export const SORTS = ['blame', 'portsHeld', 'openPerSec', 'failPerSec', 'timeWait', 'opened'] as const;
export type SortField = (typeof SORTS)[number];

export interface State {
  readonly overlay: Overlay | null;
  /** Key of the flow on which the cursor stands; null: on the first. */
  readonly selected: string | null;
  /** Key of the incident chosen with Tab; null: the worst. */
  readonly incident: string | null;
  readonly sort: SortField;
  readonly ascending: boolean;
  readonly group: Group | null;
  readonly filter: string;
  /** What is being typed; null: nothing is. */
  readonly typed: string | null;
  /** Only this network namespace, by its inode. */
  readonly netns: number | null;
  /** Rows keep their places. */
  readonly frozen: boolean;
  /** Unix ms since when the screen stands still; null: it does not. */
  readonly paused: number | null;
  /** More budgets, fewer culprits. */
  readonly manyBudgets: boolean;
  /** First line of an overlay that is longer than the screen. */
  readonly scroll: number;
  readonly wishes: Wishes;
  /** What the last key did, in words, until the next one. */
  readonly message: string | null;
}

export const START: State = {
  overlay: null,
  selected: null,
  incident: null,
  sort: 'blame',
  ascending: false,
  group: null,
  filter: '',
  typed: null,
  netns: null,
  frozen: false,
  paused: null,
  manyBudgets: false,
  scroll: 0,
  wishes: WISHES,
  message: null,
};

/** What is on the screen, as far as keys are about it. */
export interface Shown {
  /** Keys of the flows, in their order. */
  readonly flows: readonly string[];
  /** Keys of the incidents that are not over, the worst first. */
  readonly incidents: readonly string[];
  /** Inodes of the namespaces there are. */
  readonly namespaces: readonly number[];
  /** Rows of the culprit table. */
  readonly page: number;
  /** First line of what lies over the tables when its last one is shown. */
  readonly lastScroll: number;
  /** The commands of the incident, as the fix shows them. */
  readonly commands: readonly string[];
  /** The command of the what-if. */
  readonly whatIf: string | null;
  readonly now: number;
}

export type Effect =
  | { readonly type: 'quit' | 'suspend' | 'redraw' }
  | { readonly type: 'copy'; readonly text: string };

export interface Pressed {
  readonly state: State;
  readonly effect: Effect | null;
}

const stay = (state: State): Pressed => ({ state, effect: null });

export function press(before: State, input: Input, shown: Shown): Pressed {
  const state = before.message === null ? before : { ...before, message: null };
  if ('paste' in input) return stay(pasted(state, input.paste));
  const { key } = input;
  if (key === 'ctrl-c') return { state, effect: { type: 'quit' } };
  if (key === 'ctrl-z') return { state, effect: { type: 'suspend' } };
  if (key === 'ctrl-l') return { state, effect: { type: 'redraw' } };
  if (state.typed !== null) return stay(typing(state, state.typed, key));
  if (state.overlay !== null) return inOverlay(state, state.overlay, key, shown);
  return onTables(state, key, shown);
}

/** Anywhere else a paste would be a row of keys. */
function pasted(state: State, text: string): State {
  const [line = ''] = text.split(/[\r\n]/);
  return state.typed === null ? state : { ...state, typed: state.typed + line };
}

/** Enter and Escape leave the line; a key that prints nothing does nothing. */
function typing(state: State, typed: string, key: string): State {
  switch (key) {
    case 'enter':
      return { ...state, typed: null, filter: typed.trim(), selected: null };
    case 'escape':
      return { ...state, typed: null };
    case 'backspace':
      return { ...state, typed: [...typed].slice(0, -1).join('') };
    case 'ctrl-u':
      return { ...state, typed: '' };
    case 'ctrl-w':
      return { ...state, typed: typed.replace(/\S+\s*$/, '') };
    default:
      return [...key].length === 1 ? { ...state, typed: typed + key } : state;
  }
}

function onTables(state: State, key: string, shown: Shown): Pressed {
  if (key === 'q') return { state, effect: { type: 'quit' } };
  const moved = cursor(state, key, shown);
  if (moved !== null) return stay(moved);
  switch (key) {
    case 'enter':
      return stay(shown.flows.length === 0 ? state : open(onRow(state, shown), 'detail'));
    case 'tab':
      return stay({ ...state, selected: null, incident: next(shown.incidents, state.incident, 1) });
    case 'shift-tab':
      return stay({ ...state, selected: null, incident: next(shown.incidents, state.incident, -1) });
    case 'escape':
      return stay(state.filter === '' ? { ...state, selected: null } : { ...state, filter: '' });
    default:
      return stay(choice(state, key, shown));
  }
}

function choice(state: State, key: string, shown: Shown): State {
  switch (key) {
    case '/':
      return { ...state, typed: state.filter };
    case 's':
      return { ...state, sort: next(SORTS, state.sort, 1) ?? state.sort };
    case 'r':
      return { ...state, ascending: !state.ascending };
    case 'g':
      return { ...state, group: next([null, ...GROUPS], state.group, 1) ?? null, selected: null };
    case 'n':
      return { ...state, netns: next([null, ...shown.namespaces], state.netns, 1) ?? null, selected: null };
    case 'b':
      return { ...state, manyBudgets: !state.manyBudgets };
    case 'o':
      return { ...state, frozen: !state.frozen };
    case ' ':
      return { ...state, paused: state.paused === null ? shown.now : null };
    case 'f':
      return open(state, 'fix');
    case 'w':
      return open(state, 'what-if');
    case '?':
      return open(state, 'help');
    default:
      return state;
  }
}

const open = (state: State, overlay: Overlay): State => ({ ...state, overlay, scroll: 0 });

/** The cursor stands on a row once something is done with it: it follows that row then. */
const onRow = (state: State, { flows }: Shown): State => ({
  ...state,
  selected: state.selected ?? flows[0] ?? null,
});

/** Null: the key does not move the cursor. */
function cursor(state: State, key: string, { flows, page }: Shown): State | null {
  const step = stepOf(key, page);
  if (step === null) return null;
  const at = Math.max(0, flows.indexOf(state.selected ?? ''));
  const to = Math.max(0, Math.min(flows.length - 1, at + step));
  return { ...state, selected: flows[to] ?? null };
}

function inOverlay(state: State, overlay: Overlay, key: string, shown: Shown): Pressed {
  if (key === 'escape' || key === 'q') return stay({ ...state, overlay: null, scroll: 0 });
  const other = ({ f: 'fix', w: 'what-if', '?': 'help' } as const)[key];
  if (other !== undefined) return stay(other === overlay ? { ...state, overlay: null } : open(state, other));
  const copied = copy(state, overlay, key, shown);
  if (copied !== null) return copied;
  if (overlay === 'what-if') {
    const wishes = changed(state.wishes, key);
    if (wishes !== null) return stay({ ...state, wishes });
  }
  if (overlay === 'fix' && (key === 'tab' || key === 'shift-tab')) {
    const incident = next(shown.incidents, state.incident, key === 'tab' ? 1 : -1);
    return stay({ ...state, incident, scroll: 0 });
  }
  const step = stepOf(key, shown.page);
  const scroll = Math.max(0, Math.min(shown.lastScroll, state.scroll + (step ?? 0)));
  return stay(step === null ? state : { ...state, scroll });
}

/** By how many lines a key moves; null: it does not. */
function stepOf(key: string, page: number): number | null {
  const steps = { j: 1, down: 1, k: -1, up: -1, 'page-down': page, 'page-up': -page, home: -1e9, end: 1e9 };
  return (steps as Readonly<Record<string, number>>)[key] ?? null;
}

/** `c` copies the first command, a digit that command. Null: the key copies nothing here. */
function copy(state: State, overlay: Overlay, key: string, { commands, whatIf }: Shown): Pressed | null {
  const number = key === 'c' ? 1 : /^[1-9]$/.test(key) ? Number(key) : 0;
  if (number === 0) return null;
  const text = overlay === 'what-if' && wished(state.wishes) ? whatIf : (commands[number - 1] ?? null);
  if (text === null) return stay({ ...state, message: 'There is no command to copy here.' });
  const message = 'Sent to the clipboard (OSC 52; some terminals need to allow it).';
  return { state: { ...state, message }, effect: { type: 'copy', text } };
}

/** The one after, or before, in a circle; of none the first. Null: there is none. */
function next<T>(all: readonly T[], current: T | null, step: 1 | -1): T | null {
  if (all.length === 0) return null;
  const at = all.indexOf(current as T);
  if (at < 0) return all[step > 0 && all.length > 1 ? 1 : all.length - 1] ?? null;
  return all[(at + step + all.length) % all.length] ?? null;
}
