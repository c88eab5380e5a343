import type { Entry } from '../entry.ts';
import { factsOf } from './facts.ts';

/** From 0 to 10, as CEF has it; 3 for what is not named here. */
const SEVERITIES: Readonly<Record<string, number>> = {
  'call.denied': 6,
  'approval.denied': 5,
  'approval.expired': 5,
  'approval.void': 6,
  'approval.requested': 5,
  'break_glass.invoked': 9,
  'passkey.suspect': 9,
  'tool.quarantined': 8,
  'approver.enrolled': 6,
  'approver.removed': 6,
  'ledger.key_rotated': 6,
  'payload.redacted': 6,
};
const USUAL = 3;

// Everything that could end the line or move what shows it.
const CONTROL = /[\p{Cc}\u2028\u2029]/gu;

/** A part of the header: CEF escapes backslash and pipe there, and knows no line breaks. */
function header(text: string): string {
  return text.replace(CONTROL, ' ').replace(/[\\|]/g, '\\$&');
}

/** A value of the extension: CEF escapes backslash and equals sign there, and writes line breaks as `\n`. */
function value(text: string): string {
  return text
    .replace(/[\\=]/g, '\\$&')
    .replace(/\r\n?|\n/g, '\\n')
    .replace(CONTROL, ' ');
}

/** `session.minted` → `Session minted`. */
function nameOf(type: string): string {
  const words = type.replaceAll(/[._]/g, ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** One event in ArcSight's Common Event Format, version 0, without a syslog header. */
export function cefLine(entry: Entry, product: { readonly version: string }): string {
  const { ref, type } = entry;
  const { tool, verdict, rule, outcome, reason } = factsOf(entry);
  const custom = [
    ['session', ref.session],
    ['approval', ref.approval],
    ['call', ref.call],
    ['tool', tool],
    ['rule', rule],
    ['verdict', verdict],
  ] as const;
  const extension: [string, string | undefined][] = [
    ['rt', String(entry.ts)],
    ['externalId', String(entry.seq)],
    ['dvchost', entry.log],
    ['act', ref.action],
    ['suser', ref.subject],
    ['suid', ref.principal],
    ['outcome', outcome],
    ['reason', reason],
  ];
  for (const [index, [label, text]] of custom.entries()) {
    if (text === undefined || text === '') continue;
    extension.push([`cs${index + 1}Label`, label], [`cs${index + 1}`, text]);
  }
  const severity = SEVERITIES[type] ?? USUAL;
  const parts = [
    'CEF:0',
    'Countersign',
    'Countersign',
    product.version,
    type,
    nameOf(type),
    String(severity),
  ];
  const told = extension.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '');
  return `${parts.map(header).join('|')}|${told.map(([key, text]) => `${key}=${value(text)}`).join(' ')}\n`;
}
