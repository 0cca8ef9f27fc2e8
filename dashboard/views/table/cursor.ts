/**
 * The row of the culprit table that has the focus, and the way to the next. The focus is the cursor: there is no second one.
 * Rows beyond either edge are in the document (window.ts), so the next row is always there.
 */
import { select, selected } from '../../state/model.js';

const rowLinks = () => [...document.querySelectorAll<HTMLAnchorElement>('.culprits a.open')];

/** False: there is no such row. */
export function moveCursor(by: 1 | -1): boolean {
  const links = rowLinks();
  const at = links.indexOf(document.activeElement as HTMLAnchorElement);
  const next = at < 0 ? start(links) : links[at + by];
  next?.focus();
  return next !== undefined;
}

/** Where no row has the focus: the open row, else the first that Tab would reach. */
function start(links: readonly HTMLAnchorElement[]): HTMLAnchorElement | undefined {
  return links.find((link) => link.closest('[aria-current]')) ?? links.find(({ tabIndex }) => tabIndex === 0);
}

/** Closes the open row. The focus goes back to it, or, where that is not drawn, to the table. */
export function closeRow(): void {
  const link = rowLinks().find(({ dataset }) => dataset.key === selected.value);
  (link ?? document.querySelector<HTMLElement>('.culprits .scroll'))?.focus();
  select(null);
}
