/** Whether the screen is a telephone's: then some things stand elsewhere. Out: a signal. */
import { signal } from '@preact/signals';

const query = matchMedia('(max-width: 700px)');
export const narrow = signal(query.matches);
query.addEventListener('change', ({ matches }) => {
  narrow.value = matches;
});
