/**
 * Colours of the style sheet for what is drawn by script. In: a custom property of the document. Out: its text. Each is read once per theme:
 * reading one has the browser compute the styles of all that has changed, in the middle of the work.
 */
const known = new Map<string, string>();
let theme: string | undefined;

export function colour(name: string): string {
  const root = document.documentElement;
  if (root.dataset.theme !== theme) known.clear();
  theme = root.dataset.theme;
  const kept = known.get(name) ?? getComputedStyle(root).getPropertyValue(name).trim();
  known.set(name, kept);
  return kept;
}
