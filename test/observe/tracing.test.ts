import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readTraceContext, withTraceContext } from '../../src/observe/trace-context.ts';
import { connectV1 } from '../support/agents.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const exporter = new InMemorySpanExporter();
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;

let gateway: TestGateway;
let person: Approver;

beforeAll(async () => {
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  gateway = await startTestGateway({ settings: { tracing: true } });
  person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
});
afterEach(() => exporter.reset());
afterAll(async () => {
  await gateway.close();
  trace.disable();
});

async function call(name: string, args: Record<string, unknown>, meta?: object): Promise<any> {
  const client = await connectV1(gateway.app.session.mcp);
  try {
    return await client.callTool({
      name,
      arguments: args,
      ...(meta === undefined ? {} : { _meta: meta }),
    } as any);
  } finally {
    await client.close();
  }
}

function spans(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}

function one(found: readonly (ReadableSpan | undefined)[]): ReadableSpan {
  const [span] = found;
  if (span === undefined) throw new Error('no such span');
  return span;
}

const isServer = ({ kind }: ReadableSpan): boolean => kind === 1;
const isClient = ({ kind }: ReadableSpan): boolean => kind === 2;

test('a call is a span of the agent’s trace, and what is sent a span below it that the server is told of', async () => {
  await call('echo', { text: 'unmistakable-words' }, { traceparent: TRACEPARENT, tracestate: 'a=1' });
  const served = one(spans('tools/call echo').filter(isServer));
  const sent = one(spans('tools/call echo').filter(isClient));
  expect(served.spanContext().traceId).toBe(TRACE);
  expect(served.parentSpanContext?.spanId).toBe(PARENT);
  expect(sent.parentSpanContext?.spanId).toBe(served.spanContext().spanId);
  const received = JSON.parse(gateway.received().at(-1) ?? '');
  expect(received._meta).toMatchObject({
    traceparent: `00-${TRACE}-${sent.spanContext().spanId}-01`,
    tracestate: 'a=1',
  });
  expect(served.attributes).toEqual({
    'mcp.method.name': 'tools/call',
    'gen_ai.tool.name': 'echo',
    'gen_ai.operation.name': 'execute_tool',
    'countersign.session': gateway.app.session.id,
    'countersign.outcome': 'result',
  });
  const told = exporter
    .getFinishedSpans()
    .map(({ name, attributes, events }) => JSON.stringify([name, attributes, events]))
    .join();
  expect(told).not.toContain('unmistakable');
});

test('an approved call is linked from its request over the decision to the replay', async () => {
  const held = await call('pay', { amount_cents: 31, to: 'c_1' });
  const approval: string = held.structuredContent.approval_id;
  await person.decide(approval, 'approve', 'yes');
  await expect.poll(() => spans('tools/call pay').filter(isClient).length).toBe(1);
  const asked = one(spans('tools/call pay').filter(isServer));
  const decided = one(spans('approval.decide pay'));
  const replayed = one(spans('tools/call pay').filter(isClient));
  const links = (span: ReadableSpan): string[] => span.links.map(({ context }) => context.spanId);
  expect(asked.attributes).toMatchObject({ 'countersign.outcome': 'held', 'countersign.approval': approval });
  expect(links(decided)).toEqual([asked.spanContext().spanId]);
  expect(links(replayed)).toEqual([asked.spanContext().spanId, decided.spanContext().spanId]);
  expect(replayed.parentSpanContext).toBeUndefined();
  expect(new Set([asked, decided, replayed].map((span) => span.spanContext().traceId)).size).toBe(3);
});

test('a call that asks again for the same approval is linked to the request that made it', async () => {
  const args = { amount_cents: 32, to: 'c_1' };
  await call('pay', args);
  await call('pay', args);
  const [first, second] = spans('tools/call pay').filter(isServer);
  expect(second?.links.map(({ context }) => context.spanId)).toEqual([first?.spanContext().spanId]);
});

test('what went wrong is an error of its span, without words that anybody wrote', async () => {
  await call('fail', {});
  expect(one(spans('tools/call fail').filter(isClient))).toMatchObject({
    status: { code: 2 },
    attributes: { 'error.type': 'tool_error' },
  });
  await expect(call('secret-in-a-name', {})).rejects.toThrow();
  const unnamed = one(spans('tools/call').filter(isServer));
  expect(unnamed.status).toEqual({ code: 2 });
  expect(JSON.stringify(unnamed.attributes)).not.toContain('secret-in-a-name');
});

test.each([
  ['absent', undefined],
  ['of a forbidden version', `ff-${TRACE}-${PARENT}-01`],
  ['too long for its version', `${TRACEPARENT}-00`],
  ['without a trace', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['without a span', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['in capitals', TRACEPARENT.toUpperCase()],
  ['not text', 7],
])('a trace context that is %s is none', (_what, traceparent) => {
  expect(readTraceContext(traceparent === undefined ? undefined : { traceparent })).toBeUndefined();
});

test('a trace context is handed on with the new span in place of the old one', () => {
  const context = { traceId: TRACE, spanId: 'aaaaaaaaaaaaaaaa', traceFlags: 0 };
  expect(withTraceContext({ traceparent: TRACEPARENT, tracestate: 'old=1', 'acme/key': 1 }, context)).toEqual(
    {
      traceparent: `00-${TRACE}-aaaaaaaaaaaaaaaa-00`,
      'acme/key': 1,
    },
  );
});
