/**
 * Dark or light: as the system has it unless the user chose. In: the system's preference, a choice kept in this browser.
 * Out: `data-theme` on the document, which the style sheet follows, and a signal for what is drawn by script.
 */
import { computed, effect, signal } from '@preact/signals';

const CHOICES = ['system', 'light', 'dark'] as const;
export type Choice = (typeof CHOICES)[number];
const STORED_AS = 'portchurn.theme';

const system = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(system.matches);
system.addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches;
});

export const choice = signal<Choice>(stored());
export const theme = computed(() =>
  choice.value === 'system' ? (systemIsDark.value ? 'dark' : 'light') : choice.value,
);
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

/** localStorage throws where the browser lets a page keep nothing. */
function stored(): Choice {
  try {
    const kept = localStorage.getItem(STORED_AS);
    return CHOICES.find((one) => one === kept) ?? 'system';
  } catch {
    return 'system';
  }
}

export function nextTheme(): void {
  const next = CHOICES[(CHOICES.indexOf(choice.value) + 1) % CHOICES.length] as Choice;
  choice.value = next;
  try {
    localStorage.setItem(STORED_AS, next);
  } catch {
    // Then it lasts as long as the page.
  }
}
