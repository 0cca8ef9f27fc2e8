/** What the live screen asks of the service, for what the user chose. In: a state, the size of the screen. Out: queries by topic. Pure. */
import type { TableTopic } from '../../protocol/frames.js';
import type { TableQuery } from '../../protocol/table-query.js';
import { pageOf } from './layout.js';
import type { State } from './state.js';

/** Rows beyond the screen, so that a step of the cursor shows one at once. */
const MARGIN = 20;
/** The tightest budgets matter; that many, so that the culprits' own are among them. */
const BUDGETS: TableQuery = { sort: 'free', limit: 64 };
const FAILURES: TableQuery = { sort: '-perSec', limit: 50 };
const INCIDENTS: TableQuery = { limit: 200 };

/** Blame is found from budgets, which the service's sort does not know: most ports come near. */
const SERVICE_SORTS = { blame: 'portsHeld' } as const;

export function queriesOf(
  state: State,
  width: number,
  height: number,
): (readonly [TableTopic, TableQuery])[] {
  const { sort, ascending, group, netns } = state;
  const words = [state.filter, ...(netns === null ? [] : [`netns:${netns}`])].filter(Boolean);
  const field = sort in SERVICE_SORTS ? SERVICE_SORTS[sort as 'blame'] : sort;
  const isRising = ascending && sort !== 'blame';
  const flows: TableQuery = {
    sort: `${isRising ? '' : '-'}${field}`,
    limit: pageOf(width, height) + MARGIN,
    ...(group === null ? {} : { group }),
    ...(words.length === 0 ? {} : { filter: words.join(' ') }),
  };
  return [
    ['budgets', BUDGETS],
    ['failures', FAILURES],
    ['incidents', INCIDENTS],
    ['findings', { limit: 1 }],
    ['flows', flows],
  ];
}
