import type { AskedConnection, ConnectionTerms } from '../../../sdk/connections.ts';

/** What a person has picked on the page. */
export interface PickedScope {
  readonly everything: boolean;
  readonly servers: ReadonlySet<string>;
  /** `server/tool`. */
  readonly tools: ReadonlySet<string>;
  /** More patterns, as they are typed. */
  readonly patterns: string;
}

export const NOTHING_PICKED: PickedScope = {
  everything: false,
  servers: new Set(),
  tools: new Set(),
  patterns: '',
};

/** The lifetimes that are offered, in milliseconds, the shortest first. */
export const LIFETIMES = [
  ['1 hour', 3_600_000],
  ['8 hours', 8 * 3_600_000],
  ['1 day', 24 * 3_600_000],
  ['7 days', 7 * 24 * 3_600_000],
  ['30 days', 30 * 24 * 3_600_000],
] as const;

/** The scope as sessions carry it. A whole server is its tools, resources and prompts; nothing picked is nothing. */
export function scopeOf({ everything, servers, tools, patterns }: PickedScope): string[] {
  const typed = patterns.split(/[\s,]+/).filter((pattern) => pattern !== '');
  if (everything) return ['*', ...typed.filter((pattern) => pattern.startsWith('!'))];
  const whole = [...servers].flatMap((name) => [`${name}/*`, `resource:${name}`, `prompt:${name}`]);
  const single = [...tools].filter((tool) => !servers.has(tool.slice(0, tool.indexOf('/'))));
  return [...new Set([...whole, ...single, ...typed])];
}

/** True when a scope can reach anything at all. */
export function reachesAnything(scope: readonly string[]): boolean {
  return scope.some((pattern) => !pattern.startsWith('!'));
}

/** `team=growth env=dev` as labels. Throws for a word that is no label. */
export function labelsFrom(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const word of text.split(/[\s,]+/).filter((one) => one !== '')) {
    const cut = word.indexOf('=');
    if (cut <= 0) throw new Error(`Labels are written as name=value; "${word}" is not.`);
    labels[word.slice(0, cut)] = word.slice(cut + 1);
  }
  return labels;
}

/** A scope on the terms of a filled-in form, its fields `lifetime` and `labels`. Throws for a word that is no label. */
export function termsFrom(tools: readonly string[], form: FormData): ConnectionTerms {
  const ttlMs = Number(form.get('lifetime'));
  return { tools, ttlMs, labels: labelsFrom(String(form.get('labels') ?? '')) };
}

/** The label that is proposed: who is connected, as far as it is known for certain. */
export function proposedLabel({ client, redirect }: AskedConnection): string {
  return `client=${(client.verifiedHost ?? redirect.name).replaceAll(/[^A-Za-z0-9.:_-]/g, '')}`;
}
