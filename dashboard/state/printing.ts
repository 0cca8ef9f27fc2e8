/** Whether the page is drawn for paper: then nothing is left out because it would have to be scrolled. In: the browser. Out: a signal. */
import { signal } from '@preact/signals';

const media = matchMedia('print');
export const printing = signal(media.matches);
media.addEventListener('change', ({ matches }) => {
  printing.value = matches;
});
