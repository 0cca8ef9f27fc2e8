/**
 * Which room may import which: the table of ARCHITECTURE.md ("Rooms and arrows"), which a test compares with this one.
 * A room is a folder of src/, or dashboard/. There is no list of exceptions.
 */

/** `system/parse`: the part of `system` that is pure. */
export const ARROWS = {
  protocol: [],
  client: ['protocol'],
  decode: [],
  capture: ['protocol'],
  forecast: ['protocol'],
  query: ['protocol'],
  system: ['protocol'],
  aggregate: ['decode', 'forecast', 'protocol', 'system/parse'],
  diagnose: ['forecast', 'protocol'],
  doctor: ['capture', 'protocol', 'system'],
  engine: ['aggregate', 'capture', 'decode', 'diagnose', 'doctor', 'forecast', 'protocol', 'system'],
  publish: ['protocol', 'query'],
  config: ['protocol'],
  view: ['forecast', 'protocol'],
  cli: ['client', 'config', 'forecast', 'protocol', 'query', 'view'],
  dashboard: ['client', 'forecast', 'protocol', 'view'],
} as const satisfies Record<string, readonly string[]>;
export type Room = keyof typeof ARROWS;

/** The composition root: it may import every room, and no room imports it. */
export const COMPOSITION = ['src/main.ts', 'src/service/', 'bin/'] as const;

/** The room that a file lies in; null: the composition root, or a file that lies in no room. */
export function roomOf(file: string): string | null {
  if (file.startsWith('dashboard/')) return 'dashboard';
  if (file.startsWith('src/system/parse/')) return 'system/parse';
  return /^src\/([^/]+)\//.exec(file)?.[1] ?? null;
}

const isComposition = (file: string) => COMPOSITION.some((path) => file.startsWith(path));

/** What an import breaks, in words; null: nothing. */
export function faultOf(from: string, to: string): string | null {
  if (isComposition(from)) return null;
  if (isComposition(to)) return 'nothing imports the composition root';
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === null || !(baseOf(room) in ARROWS)) return `${from} lies in no room`;
  if (other === null) return `${to} lies in no room`;
  if (baseOf(room) === baseOf(other)) return pureFault(room, other);
  const allowed: readonly string[] = ARROWS[baseOf(room) as Room];
  if (allowed.includes(other) || allowed.includes(baseOf(other))) return null;
  return `${room} may import ${allowed.length === 0 ? 'no other room' : allowed.join(', ')}, not ${other}`;
}

/** The pure part of a room imports nothing from the rest of it. */
function pureFault(room: string, other: string): string | null {
  return room === 'system/parse' && other !== room ? 'system/parse is pure: it imports only itself' : null;
}

const baseOf = (room: string) => room.split('/')[0] as string;
