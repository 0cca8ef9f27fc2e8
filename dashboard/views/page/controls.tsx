/** The switches of the status strip: pause, theme, help. */
import { paused, togglePause } from '../../state/model.js';
import { type Choice, choice, nextTheme } from '../../state/theme.js';
import { showHelp } from './help.js';
import { narrow } from './narrow.js';

const GLYPHS: Record<Choice, string> = { system: '◐', light: '○', dark: '●' };

export function Controls() {
  return (
    <div class="controls">
      <button
        type="button"
        class="small"
        aria-pressed={paused.value !== null}
        title="Stand still to read; data goes on (Space)"
        onClick={togglePause}
      >
        Pause
      </button>
      <button type="button" class="small" title="Colours: as the system, light, or dark" onClick={nextTheme}>
        <span aria-hidden="true">{GLYPHS[choice.value]}</span>
        <span class={narrow.value ? 'sr-only' : ''}> Theme: {choice.value}</span>
      </button>
      <button type="button" class="small" title="Keys (?)" onClick={showHelp}>
        Help
      </button>
    </div>
  );
}
