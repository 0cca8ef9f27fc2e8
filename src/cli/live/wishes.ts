/**
 * The what-if of the live screen: four numbers that arrow keys change, the projection of the command `what-if` for them, and that
 * command. In: keys, rows. Out: the next numbers, lines of text. Pure.
 */
import type { Changes } from '../../forecast/projection.js';
import { integer } from '../../protocol/format.js';

/** Widths of the range that are worth trying: as it is, the default, all that is unprivileged. */
const RANGES: readonly (readonly [number, number] | null)[] = [
  null,
  [32768, 60999],
  [15000, 65535],
  [1024, 65535],
];
const TW_REUSE = [null, 0, 1, 2] as const;
const ADDRESSES = [1, 2, 3, 4, 6, 8, 12, 16] as const;
const REUSED = [0, 0.25, 0.5, 0.8, 0.9, 0.95, 0.99] as const;

/** Places in the lists above. */
export interface Wishes {
  /** The line that left and right change. */
  readonly line: number;
  readonly places: readonly [reused: number, range: number, twReuse: number, destinations: number];
}

export const WISHES: Wishes = { line: 0, places: [0, 0, 0, 0] };

const LISTS = [REUSED, RANGES, TW_REUSE, ADDRESSES] as const;

export const wished = ({ places }: Wishes): boolean => places.some((place) => place > 0);

/** Null: the key changes nothing here. */
export function changed(wishes: Wishes, key: string): Wishes | null {
  const { line, places } = wishes;
  switch (key) {
    case 'down':
    case 'j':
      return { ...wishes, line: Math.min(LISTS.length - 1, line + 1) };
    case 'up':
    case 'k':
      return { ...wishes, line: Math.max(0, line - 1) };
    case 'right':
    case 'l':
    case 'left':
    case 'h': {
      const step = key === 'right' || key === 'l' ? 1 : -1;
      const last = (LISTS[line]?.length ?? 1) - 1;
      const moved = places.map((place, at) =>
        at === line ? Math.max(0, Math.min(last, place + step)) : place,
      );
      return { ...wishes, places: moved as unknown as Wishes['places'] };
    }
    default:
      return null;
  }
}

export function changesOf({ places: [reused, range, twReuse, destinations] }: Wishes): Changes {
  return {
    reused: REUSED[reused] ?? 0,
    range: RANGES[range] ?? null,
    twReuse: TW_REUSE[twReuse] ?? null,
    sources: 1,
    destinations: ADDRESSES[destinations] ?? 1,
  };
}

/** A label and the value of each line. */
export function wishTexts(wishes: Wishes): readonly (readonly [string, string])[] {
  const { reused, range, twReuse, destinations } = changesOf(wishes);
  return [
    ['connections kept and used again', `${Math.round(reused * 100)} %`],
    ['local port range', range === null ? 'as it is' : `${range[0]}–${range[1]}`],
    ['tcp_tw_reuse', twReuse === null ? 'as it is' : String(twReuse)],
    ['addresses of the destination', integer(destinations) ?? ''],
  ];
}

/** What the command line says for the same. */
export function whatIfCommand(wishes: Wishes, filter: string): string {
  const { reused, range, twReuse, destinations } = changesOf(wishes);
  const words = [
    ...(reused > 0 ? [`--reuse ${Math.round(reused * 100)}`] : []),
    ...(range === null ? [] : [`--range ${range.join('-')}`]),
    ...(twReuse === null ? [] : [`--tw-reuse ${twReuse}`]),
    ...(destinations > 1 ? [`--destinations ${destinations}`] : []),
    ...(filter === '' ? [] : [`--filter '${filter}'`]),
  ];
  return ['portchurn what-if', ...words].join(' ');
}
