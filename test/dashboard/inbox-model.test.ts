import { describe, expect, test } from 'vitest';
import {
  addPage,
  EMPTY_INBOX,
  type Inbox,
  revealFresh,
  toggleGroup,
  updateInbox,
  waitingCount,
} from '../../src/dashboard/browser/model/inbox.ts';
import { linesOf } from '../../src/dashboard/browser/model/inbox-lines.ts';
import { rangeToShow } from '../../src/dashboard/browser/model/window.ts';
import type { Approval } from '../../src/sdk/approval.ts';

const call = (n: number, change: Partial<Approval> = {}): Approval =>
  ({
    id: `apr_${n}`,
    state: 'pending',
    risk: 'medium',
    requester: 'session:ses_1',
    server: 'mail',
    tool: 'send',
    action: null,
    rule: { id: 'mails', file: 'a.yaml', line: 3 },
    requestedAt: `2026-01-05T12:${String(n).padStart(2, '0')}:00Z`,
    ...change,
  }) as Approval;

const calls = (count: number, change: Partial<Approval> = {}, from = 0): Approval[] =>
  Array.from({ length: count }, (_, index) => call(from + index, change));

const lines = (inbox: Inbox): string[] => linesOf(inbox, () => true).map((line) => line.id);

describe('a flood', () => {
  test('of one session, tool, rule and risk stands in one line, where its first call would', () => {
    const inbox = addPage(EMPTY_INBOX, [...calls(6, {}, 1), call(0), call(40, { tool: 'other' })]);
    expect(lines(inbox)).toEqual(['group-apr_0', 'apr_40']);
    expect(lines(toggleGroup(inbox, 'group-apr_0'))).toHaveLength(9);
    expect(lines(toggleGroup(toggleGroup(inbox, 'group-apr_0'), 'group-apr_0'))).toHaveLength(2);
  });

  test.each<[string, Partial<Approval>]>([
    ['risk', { risk: 'critical' }],
    ['tool', { tool: 'delete' }],
    ['server', { server: 'bank' }],
    ['rule', { rule: { id: 'other', file: 'a.yaml', line: 9 } }],
    ['requester', { requester: 'session:ses_2' }],
  ])('never hides a call of another %s', (_what, change) => {
    const inbox = revealFresh(addPage(EMPTY_INBOX, [...calls(30), call(50, change)]));
    expect(lines(inbox).toSorted()).toEqual(['apr_50', 'group-apr_0']);
  });

  test('of four is told call by call', () => {
    expect(lines(addPage(EMPTY_INBOX, calls(4)))).toHaveLength(4);
  });
});

describe('lines never move', () => {
  test('when more is loaded: it goes to the end, or into a group that is there', () => {
    const first = addPage(EMPTY_INBOX, [...calls(5), call(9, { tool: 'other' })]);
    const before = lines(first);
    const next = addPage(first, [...calls(5, {}, 10), call(20, { risk: 'low', tool: 'x' }), call(3)]);
    expect(lines(next)).toEqual([...before, 'apr_20']);
    const [group] = linesOf(next, () => true);
    expect(group?.kind === 'group' && group.rows.length).toBe(10);
  });

  test('when others come: these wait until they are asked for, the most dangerous first', () => {
    const shown = addPage(EMPTY_INBOX, calls(2));
    const critical = call(30, { risk: 'critical' });
    const next = updateInbox(shown, { asked: ['apr_30'], found: [critical] });
    expect(lines(next)).toEqual(['apr_0', 'apr_1']);
    expect([next.fresh.size, waitingCount(next)]).toEqual([1, 3]);
    expect(lines(revealFresh(next))).toEqual(['apr_30', 'apr_0', 'apr_1']);
  });

  test('when one is decided: it stays, marked, until the rest is asked for', () => {
    const shown = addPage(EMPTY_INBOX, calls(2));
    const next = updateInbox(shown, { asked: ['apr_0'], found: [call(0, { state: 'denied' })] });
    expect(linesOf(next, () => true).map((line) => line.kind === 'call' && line.row.gone)).toEqual([
      true,
      false,
    ]);
    expect(waitingCount(next)).toBe(1);
    expect(lines(revealFresh(next))).toEqual(['apr_1']);
  });

  test('unless nothing that is shown waits any more: then what has come is shown at once', () => {
    const shown = addPage(EMPTY_INBOX, calls(1));
    const next = updateInbox(shown, { asked: ['apr_0'], found: [call(7)] });
    expect(lines(next)).toEqual(['apr_7']);
  });
});

test('one that came and was decided before it was shown is not shown', () => {
  const shown = addPage(EMPTY_INBOX, calls(1));
  const come = updateInbox(shown, { asked: ['apr_5'], found: [call(5)] });
  expect(updateInbox(come, { asked: ['apr_5'], found: [] }).fresh.size).toBe(0);
});

test('what is selected stays in sight when a flood is put together around it', () => {
  const shown = addPage(EMPTY_INBOX, calls(4));
  const come = updateInbox(shown, { asked: [], found: calls(4, {}, 10) });
  expect(lines(revealFresh(come, 'apr_2'))).toContain('apr_2');
  expect(lines(revealFresh(come))).toEqual(['group-apr_0']);
});

test('a group shows of its calls those that match the search, and goes when none does', () => {
  const inbox = addPage(EMPTY_INBOX, calls(6));
  const [group] = linesOf(inbox, ({ id }) => id === 'apr_4');
  expect(group?.kind === 'group' && group.rows.map((row) => row.approval.id)).toEqual(['apr_4']);
  expect(linesOf(inbox, () => false)).toEqual([]);
});

test('ten thousand calls are drawn a window at a time, wherever one has scrolled to', () => {
  for (const above of [-300, 0, 5_000, 379_000, 760_000]) {
    const { first, last } = rangeToShow({ above, height: 800, px: 76, count: 10_000 });
    expect(last - first).toBeLessThan(60);
    const from = Math.max(0, Math.floor(above / 76));
    expect([first <= from, last >= Math.min(10_000, from + 11)]).toEqual([true, true]);
  }
  expect(rangeToShow({ above: 0, height: 800, px: 76, count: 0 }).first).toBe(0);
});
