/** What each key does. */
import { describe, expect, it } from 'vitest';
import { press, type Shown, START, type State } from '../../../../src/cli/live/state.js';
import { GROUPS } from '../../../../src/protocol/names.js';

const SHOWN: Shown = {
  flows: ['a', 'b', 'c', 'd'],
  incidents: ['one', 'two'],
  namespaces: [11, 22],
  page: 2,
  lastScroll: 3,
  commands: ['sysctl -w x=1', 'edit it'],
  whatIf: 'portchurn what-if --reuse 80',
  now: 1000,
};

const pressed = (keys: string[], from: Partial<State> = {}, shown: Partial<Shown> = {}) =>
  keys.reduce<State>((state, key) => press(state, { key }, { ...SHOWN, ...shown }).state, {
    ...START,
    ...from,
  });
const effect = (key: string, from: Partial<State> = {}) =>
  press({ ...START, ...from }, { key }, SHOWN).effect;

it.each([
  [['j'], { selected: 'b' }],
  [['j', 'j', 'k'], { selected: 'b' }],
  [['end', 'down'], { selected: 'd' }],
  [['page-down', 'page-up', 'up'], { selected: 'a' }],
  [['s'], { sort: 'portsHeld' }],
  [['r'], { ascending: true }],
  [['g', 'g'], { group: 'unit' }],
  [[...GROUPS.map(() => 'g'), 'g'], { group: null }],
  [['n'], { netns: 11 }],
  [['n', 'n', 'n'], { netns: null }],
  [['tab'], { incident: 'two' }],
  [['tab', 'tab'], { incident: 'one' }],
  [['shift-tab'], { incident: 'two' }],
  [['o'], { frozen: true }],
  [[' '], { paused: 1000 }],
  [[' ', ' '], { paused: null }],
  [['b'], { manyBudgets: true }],
  [['enter'], { overlay: 'detail', selected: 'a' }],
  [['f'], { overlay: 'fix' }],
  [['f', 'escape'], { overlay: null }],
  [['f', 'f'], { overlay: null }],
  [['f', 'w', '?'], { overlay: 'help' }],
  [['f', 'q'], { overlay: null }],
  [['f', 'j', 'j', 'k'], { scroll: 1 }],
  [['f', 'page-down', 'page-down', 'k'], { scroll: 2 }],
  [['f', 'end', 'up'], { scroll: 2 }],
  [['f', 'tab'], { incident: 'two', overlay: 'fix' }],
  [['w', 'right', 'j', 'right'], { wishes: { line: 1, places: [1, 1, 0, 0] } }],
  [['w', 'left', 'k'], { wishes: { line: 0, places: [0, 0, 0, 0] } }],
])('%j', (keys, expected) => {
  expect(pressed(keys)).toMatchObject(expected);
});

describe('the filter', () => {
  it('is what was typed once Enter was pressed, other keys in it are letters', () => {
    const typing = pressed(['/', 'p', 'i', 'd', ':', '7', 'q', 'backspace']);
    expect(typing).toMatchObject({ typed: 'pid:7', filter: '', overlay: null });
    expect(press(typing, { key: 'enter' }, SHOWN)).toMatchObject({
      state: { typed: null, filter: 'pid:7' },
      effect: null,
    });
  });

  it('stays as it was with Escape; Escape on the tables takes it back', () => {
    expect(pressed(['/', 'x', 'escape'], { filter: 'pid:7' })).toMatchObject({
      typed: null,
      filter: 'pid:7',
    });
    expect(pressed(['escape'], { filter: 'pid:7' })).toMatchObject({ filter: '' });
  });

  it('takes a paste, its first line alone; elsewhere a paste does nothing', () => {
    const typing = pressed(['/', 'a']);
    expect(press(typing, { paste: 'bc\nq' }, SHOWN).state.typed).toBe('abc');
    expect(press(START, { paste: 'qqq' }, SHOWN)).toEqual({ state: START, effect: null });
  });

  it('loses a word, or all, as in a shell', () => {
    expect(pressed(['ctrl-w'], { typed: 'pid:7 netns:8' }).typed).toBe('pid:7 ');
    expect(pressed(['ctrl-u'], { typed: 'pid:7' }).typed).toBe('');
  });
});

describe('effects', () => {
  it.each([
    ['q', {}, { type: 'quit' }],
    ['ctrl-c', { typed: 'x' }, { type: 'quit' }],
    ['ctrl-z', {}, { type: 'suspend' }],
    ['ctrl-l', {}, { type: 'redraw' }],
    ['c', { overlay: 'fix' }, { type: 'copy', text: 'sysctl -w x=1' }],
    ['2', { overlay: 'fix' }, { type: 'copy', text: 'edit it' }],
    ['3', { overlay: 'fix' }, null],
    [
      'c',
      { overlay: 'what-if', wishes: { line: 0, places: [3, 0, 0, 0] } },
      { type: 'copy', text: 'portchurn what-if --reuse 80' },
    ],
    ['q', { typed: '' }, null],
  ] as const)('%s', (key, from, expected) => {
    expect(effect(key, from)).toEqual(expected);
  });

  it('says what was done until the next key', () => {
    const copied = press({ ...START, overlay: 'fix' }, { key: 'c' }, SHOWN).state;
    expect(copied.message).toMatch(/clipboard/);
    expect(press(copied, { key: 'j' }, SHOWN).state.message).toBeNull();
  });
});

it('with nothing shown no key fails', () => {
  const nothing: Shown = {
    flows: [],
    incidents: [],
    namespaces: [],
    page: 1,
    lastScroll: 0,
    commands: [],
    whatIf: null,
    now: 0,
  };
  const keys = [
    'j',
    'k',
    'enter',
    'tab',
    'shift-tab',
    'n',
    'f',
    'c',
    '1',
    'escape',
    'w',
    'c',
    'right',
    'escape',
    'end',
  ];
  expect(pressed(keys, {}, nothing)).toMatchObject({ overlay: null, selected: null, incident: null });
});
