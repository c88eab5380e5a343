import type { LogFilter } from '../../../sdk/log-entry.ts';

/** What of a filter an address can hold, in the order in which it is shown. */
export const LOG_FIELDS = [
  'text',
  'type',
  'verdict',
  'action',
  'tool',
  'subject',
  'session',
  'agent',
  'principal',
  'call',
  'approval',
  'since',
  'until',
] as const satisfies readonly (keyof LogFilter)[];

export type LogField = (typeof LOG_FIELDS)[number];

/** Which entries are shown. */
export type LogChoice = Readonly<Partial<Record<LogField, string>>>;

export const FIELD_WORDS: Readonly<Record<LogField, string>> = {
  text: 'words',
  type: 'type',
  verdict: 'verdict',
  action: 'action',
  tool: 'tool',
  subject: 'user',
  session: 'session',
  agent: 'agent',
  principal: 'by',
  call: 'call',
  approval: 'approval',
  since: 'since',
  until: 'until',
};

/** The choice that an address makes; what it does not know is left out. */
export function readLogChoice(query: string): LogChoice {
  const given = new URLSearchParams(query);
  return Object.fromEntries(
    LOG_FIELDS.flatMap((field) => {
      const value = given.get(field)?.trim() ?? '';
      return value === '' ? [] : [[field, value]];
    }),
  );
}

/** The address of a choice. */
export function logAddress(choice: LogChoice): string {
  const query = new URLSearchParams();
  for (const field of LOG_FIELDS) {
    const value = choice[field];
    if (value !== undefined && value !== '') query.set(field, value);
  }
  return query.size === 0 ? '/logs' : `/logs?${query}`;
}

/** The same choice with one field set, or without it. */
export function withField(choice: LogChoice, field: LogField, value: string | undefined): LogChoice {
  const { [field]: _, ...rest } = choice;
  return value === undefined || value === '' ? rest : { ...rest, [field]: value };
}

/** The minute of a time for a field of a form, in UTC; empty where it is no such time. */
export function minuteOf(time: string | undefined): string {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString().slice(0, 16);
}

/** What such a field holds, in RFC 3339; undefined where nothing was filled in. */
export function exactTime(minute: string): string | undefined {
  return minute === '' ? undefined : `${minute.slice(0, 16)}:00Z`;
}

/** As the API takes it, which refuses a verdict that there is not. */
export function filterOf(choice: LogChoice): LogFilter {
  return choice as LogFilter;
}

/** Where matching entries are downloaded; `evidence` is the whole ledger, whatever is chosen. */
export function exportAddress(choice: LogChoice, format: 'ndjson' | 'csv' | 'cef' | 'evidence'): string {
  if (format === 'evidence') return '/v1/logs/export';
  const query = new URLSearchParams({ format, ...choice });
  return `/v1/logs/export?${query}`;
}
