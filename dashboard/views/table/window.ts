/**
 * Which rows of a long table are drawn: those in sight and some on either side. Enters: the scroll box's measures.
 * Leaves: a slice. Pure; called by views/table. Rows have one fixed height, so no row needs to be measured.
 */

/** Height of a table row, px; the style sheet has it as `--row`. */
export const ROW_PX = 26;
/** Rows drawn beyond each edge. */
const BEYOND = 2;
/** Positions are told in steps of this many px, so that most scrolling redraws nothing. */
export const STEP_PX = BEYOND * ROW_PX;

export interface Slice {
  first: number;
  /** One past the last row drawn. */
  end: number;
}

/** The rows to draw of `total` when `top` px are scrolled away and `height` px are in sight. */
export function slice(total: number, top: number, height: number): Slice {
  const inSight = Math.ceil(height / ROW_PX);
  const seen = Math.max(0, Math.min(Math.floor(top / ROW_PX), total - inSight));
  // Up to a step more may be scrolled away than was told.
  return { first: Math.max(0, seen - BEYOND), end: Math.min(total, seen + inSight + 2 * BEYOND) };
}
