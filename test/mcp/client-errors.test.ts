import { describe, expect, it } from 'vitest';
import { missingCapability } from '../../src/mcp/errors.ts';
import { startTestGateway } from '../support/gateway.ts';
import { mint } from './support/sessions.ts';
import { bothWires } from './support/wire.ts';

const asks = (requiredCapabilities: object): string =>
  JSON.stringify({ code: -32021, message: 'Declare it', data: { requiredCapabilities } });
const TASKS = 'io.modelcontextprotocol/tasks';

describe('a server’s error that asks for capabilities', () => {
  it('reaches the client that did not declare them, with HTTP status 400 and what is missing', () => {
    expect(missingCapability(asks({ sampling: {} }), { elicitation: {} })).toEqual({
      kind: 'error',
      error: {
        code: -32021,
        message: 'Declare it',
        data: { requiredCapabilities: { sampling: {} } },
        httpStatus: 400,
      },
    });
  });

  it('reaches the client that did not declare an extension, whatever others it declared', () => {
    const declared = { extensions: { 'com.example/other': {} } };
    expect(missingCapability(asks({ extensions: { [TASKS]: {} } }), declared)).toBeDefined();
    expect(missingCapability(asks({ extensions: { [TASKS]: {} } }), {})).toBeDefined();
  });

  it.each([
    [{ sampling: {} }, { sampling: {} }],
    [{ sampling: {}, roots: {} }, { roots: {} }],
    [{ extensions: { [TASKS]: {} } }, { extensions: { [TASKS]: {} } }],
  ])('is not the client’s when it has declared one of %j', (required, declared) => {
    expect(missingCapability(asks(required), declared)).toBeUndefined();
  });

  it.each([
    '{"code":-32021,"message":"Declare it"}',
    '{"code":-32021,"message":"Declare it","data":{"requiredCapabilities":{}}}',
    '{"code":-32021,"message":"Declare it","data":{"requiredCapabilities":["sampling"]}}',
    '{"code":-32020,"message":"Header","data":{"requiredCapabilities":{"sampling":{}}}}',
  ])('is nothing for the client as %s', (raw) => {
    expect(missingCapability(raw, {})).toBeUndefined();
  });
});

it('the error for an unknown resource names the URI that was asked for, in either era', async () => {
  const gateway = await startTestGateway();
  try {
    for (const wire of await bothWires((await mint(gateway)).access)) {
      const { message } = await wire.request('resources/read', { uri: 'test://nowhere' });
      expect(message.error, wire.era).toMatchObject({
        code: -32602,
        data: { code: 'not_found', uri: 'test://nowhere' },
      });
      const tool = await wire.request('tools/call', { name: 'nowhere', arguments: {} });
      expect(tool.message.error.data, wire.era).toEqual({ code: 'not_found' });
    }
  } finally {
    await gateway.close();
  }
});
