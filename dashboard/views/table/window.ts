/**
 * Which rows of a long table are drawn: the visible ones and some on either side. In: the scroll box's measures.
 * Out: a slice. Pure. The rows of a table have one fixed height, so no row needs to be measured.
 */

/** Height of a table row, px; the style sheet has it as `--row`. */
export const ROW_PX = 26;
/** Rows drawn beyond each edge. */
const BEYOND = 2;
/** The scroll box reports its position in steps of this many px, so that most scrolling redraws nothing. */
export const STEP_PX = BEYOND * ROW_PX;

export interface Slice {
  first: number;
  /** One past the last row drawn. */
  end: number;
}

/** The rows to draw of `total` when `top` px are scrolled away and `height` px are visible. @param row height of a row, no less than ROW_PX */
export function slice(total: number, top: number, height: number, row = ROW_PX): Slice {
  const visible = Math.ceil(height / row);
  const topmost = Math.max(0, Math.min(Math.floor(top / row), total - visible));
  // Up to a step more may be scrolled away than was reported.
  return { first: Math.max(0, topmost - BEYOND), end: Math.min(total, topmost + visible + 2 * BEYOND) };
}
