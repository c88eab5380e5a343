export type Theme = 'system' | 'light' | 'dark';
/** In which zone exact times are written: in one for everybody, or in this device’s own. */
export type Zone = 'utc' | 'local';

/** What one browser remembers of how its person wants the page. */
export interface Preferences {
  readonly theme: Theme;
  readonly zone: Zone;
  /** The inbox says that notifications can be had, until the person wants to read it no more. */
  readonly pushHint: boolean;
}

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const ZONES: readonly Zone[] = ['utc', 'local'];

/** What was kept, as far as it can be read: everything else is as it is for somebody who never chose. */
export function readPreferences(kept: string | null): Preferences {
  const found = fieldsOf(kept);
  return {
    theme: THEMES.find((one) => one === found.theme) ?? 'system',
    zone: ZONES.find((one) => one === found.zone) ?? 'utc',
    pushHint: found.pushHint !== false,
  };
}

function fieldsOf(kept: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(kept ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // Anything may have been written under this name; a page that does not start because of it would help nobody.
    return {};
  }
}
