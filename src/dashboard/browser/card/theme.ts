import { isObject, type Json } from './json.ts';

const VARIABLE = /^--(?:color|font|border-radius)-[a-z0-9-]+$/;

/** Takes over the host's colour scheme and those of its style variables that a card may use (SEP-1865, Theming). */
export function applyHostContext({ theme, styles }: Json): void {
  const { style } = document.documentElement;
  if (theme === 'light' || theme === 'dark') style.colorScheme = theme;
  const variables = isObject(styles) && isObject(styles.variables) ? styles.variables : {};
  for (const [name, value] of Object.entries(variables))
    if (VARIABLE.test(name) && typeof value === 'string') style.setProperty(name, value);
}

/** Tells the host how high the card is, now and whenever that changes. */
export function reportHeight(root: HTMLElement, report: (height: number) => void): void {
  const told = { height: -1 };
  new ResizeObserver(() => {
    const height = Math.ceil(root.getBoundingClientRect().height);
    if (height === told.height) return;
    told.height = height;
    report(height);
  }).observe(root);
}
