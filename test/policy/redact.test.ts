import { describe, expect, it } from 'vitest';
import { hiddenInResult, hidingPointers, redactArguments, redactResult } from '../../src/policy/redact.ts';

describe('redacting arguments', () => {
  const args = { card: { pan: '4111', 'a/b': 1, 'm~n': 2 }, list: [{ pin: 1 }, { pin: 2 }], keep: 'x' };

  it.each([
    ['/card/pan', { card: { ...args.card, pan: '[redacted]' } }],
    ['/card/a~1b', { card: { ...args.card, 'a/b': '[redacted]' } }],
    ['/card/m~0n', { card: { ...args.card, 'm~n': '[redacted]' } }],
    ['/list/1/pin', { list: [{ pin: 1 }, { pin: '[redacted]' }] }],
    ['/list', { list: '[redacted]' }],
    ['/none', {}],
    ['/card/none/deeper', {}],
    ['/list/01/pin', {}],
    ['/list/-', {}],
    ['/constructor', {}],
    ['result:/keep', {}],
  ])('%s hides that value alone', (pointer, change) => {
    expect(redactArguments(args, [pointer])).toEqual({ ...args, ...change });
  });

  it('leaves the original untouched', () => {
    const before = structuredClone(args);
    redactArguments(args, ['/card/pan', '/list/0']);
    expect(args).toEqual(before);
  });

  it('gives the same object back when nothing is hidden', () => {
    expect(redactArguments(args, ['/none', 'result:/x'])).toBe(args);
  });
});

describe('the pointers that hide something', () => {
  const args = { card: { pan: '4111', 'a/b': null }, list: [{ pin: 1 }] };

  it.each([
    [['/card/pan', '/none', '/card/pan'], ['/card/pan']],
    [['/card/pan', '/card', '/card/a~1b'], ['/card']],
    [
      ['/card/a~1b', '/list/0/pin', '/list/1/pin'],
      ['/card/a~1b', '/list/0/pin'],
    ],
    [['', '/card'], ['']],
    [['/car', '/constructor', 'result:/card'], []],
  ])('of %j are those with a value that is not hidden with another: %j', (pointers, hiding) => {
    expect(hidingPointers(args, pointers)).toEqual(hiding);
    expect(redactArguments(args, hiding)).toEqual(redactArguments(args, pointers));
  });

  it('of a result are those that change what is told of it, wherever it stands', () => {
    const result = { structuredContent: { code: 7 }, content: [{ type: 'text', text: '{"pin":1}' }] };
    const pointers = ['result:/code', 'result:/pin', 'result:/none', '/code', 'result:/pin'];
    expect(hiddenInResult(result, pointers)).toEqual(['result:/code', 'result:/pin']);
  });
});

describe('redacting results', () => {
  it('hides a value in structured content, in JSON text and where another text repeats it', () => {
    const result = {
      content: [
        { type: 'text', text: JSON.stringify({ receipt: { pan: '4111111111111111', sum: 5 } }) },
        { type: 'text', text: 'charged card 4111111111111111' },
        { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      ],
      structuredContent: { receipt: { pan: '4111111111111111', sum: 5 } },
    };
    const hidden = redactResult(result, ['result:/receipt/pan']);
    expect(JSON.stringify(hidden)).not.toContain('4111111111111111');
    expect(hidden).toMatchObject({
      content: [
        { text: '{"receipt":{"pan":"[redacted]","sum":5}}' },
        { text: 'charged card [redacted]' },
        { data: 'AAAA' },
      ],
      structuredContent: { receipt: { pan: '[redacted]', sum: 5 } },
    });
  });

  it('hides what it hid wherever the result repeats it, in structured content and embedded resources too', () => {
    const pan = '4111111111111111';
    const result = {
      content: [{ type: 'resource', resource: { uri: `card:${pan}`, text: `{"receipt":{"pan":"${pan}"}}` } }],
      structuredContent: { receipt: { pan, sum: 5 }, message: `charged ${pan}` },
      _meta: { note: [pan] },
    };
    const hidden = redactResult(result, ['result:/receipt/pan']);
    expect(JSON.stringify(hidden)).not.toContain(pan);
    expect(hidden).toMatchObject({
      content: [{ resource: { uri: 'card:[redacted]' } }],
      structuredContent: { receipt: { sum: 5 }, message: 'charged [redacted]' },
    });
  });

  it('hides a value by its place in the result itself', () => {
    expect(redactResult({ content: [{ type: 'text', text: 'secret' }] }, ['result:/content/0/text'])).toEqual(
      {
        content: [{ type: 'text', text: '[redacted]' }],
      },
    );
  });

  it('leaves results alone when only arguments are redacted', () => {
    const result = { content: [] };
    expect(redactResult(result, ['/content'])).toBe(result);
  });
});
