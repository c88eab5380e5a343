import { describe, expect, test } from 'vitest';
import { askForTask, callAsTask, readTask } from '../../../src/downstream/tasks/task.ts';

describe('a task as a server tells it', () => {
  test('is read in the form of 2026-07-28, with the bytes of what is inlined', () => {
    const text =
      '{"resultType":"complete","taskId":"t","status":"completed","pollIntervalMs":5,"result":{"n":1.0,"content":[]}}';
    expect(readTask(text)).toEqual({
      taskId: 't',
      status: 'completed',
      statusMessage: undefined,
      pollIntervalMs: 5,
      inputRequests: undefined,
      resultText: '{"n":1.0,"content":[]}',
      errorText: undefined,
    });
  });

  test('is read in the form of 2025-11-25', () => {
    const text = '{"task":{"taskId":"t","status":"working","statusMessage":"Soon","pollInterval":7,"ttl":1}}';
    expect(readTask(text)).toMatchObject({
      taskId: 't',
      status: 'working',
      statusMessage: 'Soon',
      pollIntervalMs: 7,
    });
  });

  test.each([
    ['{"taskId":"","status":"working"}'],
    ['{"taskId":7,"status":"working"}'],
    ['{"taskId":"t","status":"done"}'],
    ['{"taskId":"t"}'],
    ['{}'],
  ])('is none when it cannot be followed: %s', (text) => {
    expect(readTask(text)).toBeUndefined();
  });

  test('has no result that is not an object, and no interval that is no number of milliseconds', () => {
    const text = '{"taskId":"t","status":"completed","result":7,"pollIntervalMs":-1}';
    expect(readTask(text)).toMatchObject({ resultText: undefined, pollIntervalMs: undefined });
  });
});

describe('a call of a server before 2026-07-28', () => {
  const capabilities = { tasks: { requests: { tools: { call: {} } } } };
  const tool = (taskSupport?: string) => ({
    name: 't',
    execution: taskSupport === undefined ? {} : { taskSupport },
  });

  test.each([
    ['required', false, true],
    ['required', true, true],
    ['optional', false, false],
    ['optional', true, true],
    ['forbidden', true, false],
    [undefined, true, false],
  ])(
    'of a tool whose task support is %s, where a task is welcome: %s, is asked for as a task: %s',
    (support, isWelcome, asked) => {
      expect(callAsTask({ capabilities, definition: tool(support), isWelcome })).toBe(asked);
    },
  );

  test('is never a task of a server that has none', () => {
    expect(callAsTask({ capabilities: { tasks: {} }, definition: tool('required'), isWelcome: true })).toBe(
      false,
    );
    expect(callAsTask({ capabilities, definition: undefined, isWelcome: true })).toBe(false);
  });

  test('keeps its parameters byte for byte', () => {
    expect(askForTask('{"arguments":{"n":1.0},"name":"t"} ')).toBe(
      '{"arguments":{"n":1.0},"name":"t","task":{}}',
    );
  });
});
