/** The visible rows, between spacers as high as the rows that are not drawn. In: a ranking, the scroll box's measures. */
import type { Keyed, Ranking } from '../../../src/view/order.js';
import { printing } from '../../state/printing.js';
import type { Column, Opening } from './column.js';
import { Row } from './row.js';
import type { Measures } from './scroll.js';
import { slice } from './window.js';

interface BodyProps<R extends Keyed> {
  columns: readonly Column<R>[];
  ranking: Ranking<R>;
  measures: Measures;
  /** Height of a row. */
  rowPx: number;
  opening?: Opening | undefined;
  /** Key of the row that is open. */
  current?: string | null | undefined;
  /** Key of the row that has the focus. */
  focused: string | null;
  onHover: (hovered: boolean) => void;
  onFocus: (key: string | null) => void;
}

export function Body<R extends Keyed>(props: BodyProps<R>) {
  const { ranking, columns, measures, rowPx, opening, current, focused, onHover, onFocus } = props;
  const { rows, gone } = ranking;
  // A finger only scrolls: the order is held for a mouse that rests on the rows.
  const hold = (event: PointerEvent) => event.pointerType === 'mouse' && onHover(true);
  const { first, end } = printing.value
    ? { first: 0, end: rows.length }
    : slice(rows.length, measures.top, measures.height, rowPx);
  const drawn = rows.slice(first, end);
  const tabStop = (drawn.find(({ key }) => key === (focused ?? current)) ?? drawn[0])?.key;
  return (
    <>
      <Spacer px={first * rowPx} columns={columns.length} />
      <tbody
        onPointerEnter={hold}
        onPointerLeave={() => onHover(false)}
        onFocusIn={({ target }) => onFocus((target as HTMLElement).dataset.key ?? null)}
        onFocusOut={() => onFocus(null)}
      >
        {drawn.map((row, at) => (
          // Keyed by place: a new rank changes texts where they stand instead of moving and making rows. While a row has the
          // focus no rank changes, so the focus stays with its row.
          <Row
            key={first + at}
            row={row}
            columns={columns}
            gone={gone.has(row.key)}
            index={first + at + 2}
            opening={opening}
            current={row.key === current}
            tabStop={row.key === tabStop}
          />
        ))}
      </tbody>
      <Spacer px={(rows.length - end) * rowPx} columns={columns.length} />
    </>
  );
}

/** As high as rows that are not drawn. */
export function Spacer({ px, columns }: { px: number; columns: number }) {
  if (px === 0) return null;
  return (
    <tbody aria-hidden="true">
      <tr>
        <td colSpan={columns} style={{ height: `${px}px` }} />
      </tr>
    </tbody>
  );
}
