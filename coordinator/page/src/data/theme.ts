// Light or dark: as the system says, unless the reader chose. Charts on canvas ask here for their colours.
import { computed, effect, signal } from '@preact/signals';

export type Choice = 'system' | 'light' | 'dark';
const KEY = 'ce-nas-theme';
const query = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(query.matches);

export const choice = signal<Choice>(stored());
export const theme = computed<'light' | 'dark'>(() => {
  if (choice.value !== 'system') return choice.value;
  return isSystemDark.value ? 'dark' : 'light';
});

export function begin(): void {
  query.addEventListener('change', (event) => (isSystemDark.value = event.matches));
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    try {
      localStorage.setItem(KEY, choice.value);
    } catch {
      // A browser that keeps nothing asks the system each time.
    }
  });
}

export function next(): void {
  const order: Choice[] = ['system', 'light', 'dark'];
  choice.value = order[(order.indexOf(choice.value) + 1) % order.length] ?? 'system';
}

/** The value of a colour variable of the stylesheet in the present theme. */
export function colour(name: string): string {
  void theme.value;
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function stored(): Choice {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}
