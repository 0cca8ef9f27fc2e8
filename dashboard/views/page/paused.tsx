/** Says that the page stands still, since when, and how many failures it does not show. In: pause, state. */
import { link, now, paused, state, togglePause } from '../../state/model.js';
import { pauseWords } from '../../state/pause.js';
import { isOld } from '../../text/link-words.js';

export function Paused() {
  const pause = paused.value;
  if (pause === null) return null;
  return (
    <aside class="paused" aria-label="Pause">
      {/* A screen reader announces this once: the words beside it change every second. */}
      <span role="status" class="sr-only">
        Paused
      </span>
      <strong>
        <span aria-hidden="true">❚❚ </span>
        {pauseWords(pause, state.value, now.value, isOld(link.value, now.value))}
      </strong>
      <button type="button" class="small" onClick={togglePause}>
        Resume
      </button>
    </aside>
  );
}
