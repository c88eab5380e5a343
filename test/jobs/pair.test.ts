import { expect, it } from 'vitest';
import { argumentsFor, type JobPair, pointerTokens, readPoll, readRemoteId } from '../../src/jobs/pair.ts';

const PAIR: JobPair = {
  server: 'lab',
  start: 'study',
  poll: 'study_status',
  cancel: undefined,
  id: '/items/0/a~1b',
  argument: 'id',
  state: '/state',
  ends: { completed: ['done', 'true'], failed: [], cancelled: [] },
  progress: undefined,
  total: undefined,
  message: undefined,
  everyMs: 1_000,
};

it('a place is found in structured content first, then in text that is JSON', () => {
  const inText = (value: unknown) => ({ type: 'text', text: JSON.stringify(value) });
  const other = { items: [{ 'a/b': 'other' }] };
  const answer = {
    content: [{ type: 'text', text: 'hello' }, inText([1]), inText({ items: [{ 'a/b': 17 }] })],
  };
  expect(readRemoteId(PAIR, JSON.stringify(answer))).toBe('17');
  expect(readRemoteId(PAIR, JSON.stringify({ ...answer, structuredContent: other }))).toBe('"other"');
});

it('the name goes back to the server as it came, number or text', () => {
  expect(argumentsFor(PAIR, '17')).toEqual({ id: 17 });
  expect(argumentsFor(PAIR, '"17"')).toEqual({ id: '17' });
});

it.each(['', 'state', '/a~2', '/~'])('%j is no pointer', (pointer) => {
  expect(pointerTokens(pointer)).toBeUndefined();
});

it.each([
  [{ state: 'DONE' }, { kind: 'ended', state: 'completed' }],
  [{ state: true }, { kind: 'ended', state: 'completed' }],
  [{ state: 'busy' }, { kind: 'working', progress: {} }],
  [{ state: { is: 'done' } }, { kind: 'unclear' }],
  [{ state: null }, { kind: 'unclear' }],
  [{}, { kind: 'unclear' }],
])('what a server says as %j is read', (said, reading) => {
  expect(readPoll(PAIR, JSON.stringify({ structuredContent: said }))).toEqual(reading);
});

it('what is not even a result is unclear', () => {
  for (const raw of ['[]', 'null', '{"content":"x"}', 'not json'])
    expect(readPoll(PAIR, raw)).toEqual({ kind: 'unclear' });
});

it('members that objects inherit are not found', () => {
  const pair = { ...PAIR, state: '/constructor/name' };
  expect(readPoll(pair, '{"structuredContent":{}}')).toEqual({ kind: 'unclear' });
});
