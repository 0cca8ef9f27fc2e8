/** What is red on the page, by what the browser computed: colours, not classes. In: a page. Out: the parts that have a red token. */
import type { Page } from 'playwright-core';

export interface RedPart {
  /** The name of the region it is in; empty: in none. */
  region: string;
  /** Its element and classes, and what it says. */
  what: string;
}

const WITHIN = { timeout: 120_000 };

/** Parts that can be seen, anywhere on the page, in the very moment in which the page first has `state`. */
export async function redParts(page: Page, state = 'main'): Promise<RedPart[]> {
  const found = await page.waitForFunction(readRed, [state, '--bad', '--bar-bad'] as const, WITHIN);
  return (await found.jsonValue()) as RedPart[];
}

/** Runs in the page, in each frame until it gives something. */
function readRed([state, ...tokens]: readonly string[]): RedPart[] | null {
  if (document.querySelector(state as string) === null) return null;
  const probe = document.body.appendChild(document.createElement('i'));
  const reds = tokens.map((token) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  /* Each with whether it can be seen at all. */
  const coloursOf = (element: Element, pseudo: string | null): [string, boolean][] => {
    const style = getComputedStyle(element, pseudo);
    const own = [...element.childNodes].some(
      ({ nodeType, textContent }) => nodeType === Node.TEXT_NODE && textContent?.trim() !== '',
    );
    const isDrawn = element instanceof SVGGeometryElement;
    const hasText = pseudo === null ? own : style.content !== 'none' && style.content !== 'normal';
    const sides = (['Top', 'Right', 'Bottom', 'Left'] as const).map((side): [string, boolean] => [
      style[`border${side}Color`],
      style[`border${side}Style`] !== 'none' && style[`border${side}Width`] !== '0px',
    ]);
    return [
      [style.color, hasText],
      [style.backgroundColor, pseudo === null || hasText],
      [style.backgroundImage, pseudo === null || hasText],
      [style.boxShadow, true],
      [style.outlineColor, style.outlineStyle !== 'none'],
      [style.fill, isDrawn],
      [style.stroke, isDrawn],
      ...sides,
    ];
  };
  const isRed = (element: Element) =>
    [null, '::before', '::after'].some((pseudo) =>
      coloursOf(element, pseudo).some(([text, isSeen]) => isSeen && reds.some((red) => text.includes(red))),
    );
  /* The head of an arrow is drawn where there is an arrow. */
  const isSeen = (element: Element) => element.checkVisibility() && element.closest('marker') === null;
  const labelOf = (section: Element | null) =>
    section?.getAttribute('aria-label') ??
    document.getElementById(section?.getAttribute('aria-labelledby') ?? '')?.textContent ??
    '';
  return [...document.body.querySelectorAll('*')]
    .filter((element) => isSeen(element) && isRed(element))
    .map((element) => ({
      region: labelOf(element.closest('section')),
      what: `${element.tagName}.${element.getAttribute('class') ?? ''} ${element.textContent?.slice(0, 40) ?? ''}`,
    }));
}
