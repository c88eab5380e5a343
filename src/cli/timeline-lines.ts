import type { TimelineDecision, TimelineItem } from '../sdk/timeline.ts';
import { showDuration } from './duration.ts';
import type { Style } from './output.ts';
import { oneLine } from './terminal-text.ts';
import { showWall } from './zoned-time.ts';

const SHORT_MS = 10_000;
const INDENT = ' '.repeat(10);

export interface TimelineShape {
  readonly zone: string;
  readonly style: (style: Style, text: string) => string;
  /** What people are called, by `person:…`. */
  readonly names: ReadonlyMap<string, string>;
}

const VERDICTS: Readonly<Record<string, readonly [word: string, style: Style]>> = {
  allow: ['allowed', 'green'],
  deny: ['denied', 'red'],
  hold: ['held for a person', 'yellow'],
};

const GOOD: ReadonlySet<string> = new Set(['result', 'succeeded', 'approved']);

function took(ms: number): string {
  return ms < SHORT_MS ? `${(ms / 1_000).toFixed(1)} s` : showDuration(ms);
}

function clockOf(at: string, { zone }: TimelineShape): string {
  return showWall(Date.parse(at), zone).time;
}

function who(by: string, { names }: TimelineShape): string {
  const name = names.get(by);
  return name === undefined ? by : `${name} (${by})`;
}

function verdictText(item: TimelineItem, { style }: TimelineShape): string {
  const [word, colour] = VERDICTS[item.verdict ?? ''] ?? ['', 'dim'];
  if (word === '') return '';
  const by = item.rule === null ? '' : ` by rule ${oneLine(item.rule)}`;
  const risk = item.risk === null ? '' : `, risk ${oneLine(item.risk)}`;
  return `${style(colour, word)}${by}${risk}`;
}

function decisionLine(one: TimelineDecision, shape: TimelineShape): string {
  const word = one.decision === 'approve' ? 'approved' : 'denied';
  const glass = one.breakGlass ? ', breaking the glass' : '';
  const reason = one.reason === null ? '' : `: “${one.reason}”`;
  const text = oneLine(`${word} by ${who(one.by, shape)}${glass}${reason}`);
  return `${INDENT}${clockOf(one.at, shape)}  ${shape.style(one.decision === 'approve' ? 'green' : 'red', text)}`;
}

function outcomeText(item: TimelineItem, { style }: TimelineShape): string {
  if (item.outcome === null) return item.verdict === 'deny' ? '' : style('yellow', 'no outcome yet');
  const after = item.tookMs === null ? '' : ` after ${took(item.tookMs)}`;
  const word = item.outcome.replaceAll('_', ' ');
  return `${style(GOOD.has(item.outcome) ? 'green' : 'red', oneLine(word))}${after}`;
}

function callLines(item: TimelineItem, shape: TimelineShape): string[] {
  const { style } = shape;
  const what = style('bold', oneLine(item.action ?? item.type));
  const told = [verdictText(item, shape), outcomeText(item, shape)].filter((text) => text !== '');
  const id = item.id === null ? '' : style('dim', `  ${item.id}`);
  const reason = item.reason === null ? [] : [`${INDENT}because ${oneLine(item.reason)}`];
  return [`${clockOf(item.at, shape)}  ${what}  ${told.join(', ')}${id}`, ...reason];
}

function approvalLines(item: TimelineItem, shape: TimelineShape): string[] {
  const { style } = shape;
  const what = style('bold', oneLine(item.action ?? item.type));
  const lines = [
    `${clockOf(item.at, shape)}  ${what}  ${verdictText(item, shape)}${style('dim', `  ${item.id ?? ''}`)}`,
  ];
  if (item.waitedMs !== null) lines.push(`${INDENT}waited ${took(item.waitedMs)}`);
  for (const decision of item.decisions) lines.push(decisionLine(decision, shape));
  const isOnlyDecided = item.outcome === 'denied' && item.decisions.length > 0;
  const reason = item.reason === null ? '' : `: ${oneLine(item.reason)}`;
  if (!isOnlyDecided) lines.push(`${INDENT}${outcomeText(item, shape)}${reason}`);
  return lines;
}

function eventLines(item: TimelineItem, shape: TimelineShape): string[] {
  const about = [item.action, item.session, item.subject, item.reason]
    .filter((part) => part !== null)
    .join(' ');
  const by = item.principal === null ? '' : ` by ${who(item.principal, shape)}`;
  return [`${clockOf(item.at, shape)}  ${oneLine(`${item.type}  ${about}${by}`)}`];
}

/** `5 calls: 3 allowed, 1 denied, 1 held`: what it comes to. */
export function timelineSummary(items: readonly TimelineItem[]): string {
  const calls = items.filter(({ kind }) => kind !== 'event');
  const parts = Object.entries({ allowed: 'allow', denied: 'deny', held: 'hold' }).flatMap(
    ([word, verdict]) => {
      const count = calls.filter((item) => item.verdict === verdict).length;
      return count === 0 ? [] : [`${count} ${word}`];
    },
  );
  const what = calls.length === 1 ? '1 call' : `${calls.length} calls`;
  return parts.length === 0 ? what : `${what}: ${parts.join(', ')}`;
}

/** Lines for people, a heading for each day. */
export function timelineLines(items: readonly TimelineItem[], shape: TimelineShape): string[] {
  const lines: string[] = [];
  let day = '';
  for (const item of items) {
    const { date } = showWall(Date.parse(item.at), shape.zone);
    if (date !== day) lines.push(...(day === '' ? [] : ['']), shape.style('dim', `${date} (${shape.zone})`));
    day = date;
    const show = { call: callLines, approval: approvalLines, event: eventLines }[item.kind];
    lines.push(...show(item, shape));
  }
  return lines;
}
