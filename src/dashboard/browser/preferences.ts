import { effect, type Signal, signal } from '@preact/signals';
import { type Preferences, readPreferences } from './model/preferences.ts';

const KEPT_AS = 'preferences';

/**
 * What this browser remembers of how its person wants the page, kept when it changes and in force at once: the theme on the
 * document itself. A browser that keeps nothing for the site has it until the page is closed.
 */
export function createPreferences(): Signal<Preferences> {
  const preferences = signal(readPreferences(kept()));
  effect(() => {
    const { theme } = preferences.value;
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    keep(preferences.value);
  });
  return preferences;
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    // Reading throws where the person has switched off what sites may keep.
    return null;
  }
}

function keep(preferences: Preferences): void {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(preferences));
  } catch {
    // It is in force on this page all the same.
    return;
  }
}
