import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import { createTracing } from '../../src/observe/tracing.ts';

afterEach(() => trace.disable());

/** An SDK of OpenTelemetry that is broken in one place. */
function brokenIn(place: 'startSpan' | 'setAttribute' | 'setStatus' | 'addLink' | 'end'): void {
  const step = (name: string) => () => {
    if (name === place) throw new Error(`${name} is broken`);
  };
  const real = trace.getTracer('x').startSpan('x', {}, ROOT_CONTEXT);
  const span = {
    spanContext: () => real.spanContext(),
    setAttribute: step('setAttribute'),
    setStatus: step('setStatus'),
    addLink: step('addLink'),
    end: step('end'),
  };
  const startSpan = () => {
    step('startSpan')();
    return span;
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) } as never);
}

test.each(['startSpan', 'setAttribute', 'setStatus', 'addLink', 'end'] as const)(
  'a broken %s neither fails a request nor hides what became of it, and nothing runs twice',
  async (place) => {
    brokenIn(place);
    const { serve, send, found, decided } = createTracing();
    const runs = { served: 0, sent: 0 };
    const about = { method: 'tools/call', tool: 'x', meta: undefined };
    const reply = { kind: 'error', error: { code: 1 } } as const;
    const served = await serve({ ...about, session: 'ses_a' }, async () => {
      runs.served += 1;
      const approval = { id: 'apr_1' } as never;
      found({ kind: 'held', approval, created: true } as never);
      decided({ approval: 'apr_1', tool: 'x', state: 'approved' });
      found({ kind: 'held', approval, created: false } as never);
      const outcome = { kind: 'unknown', reason: 'it fell silent' } as const;
      const sent = await send({ ...about, server: 'crm' }, async () => {
        runs.sent += 1;
        return outcome;
      });
      expect(sent).toBe(outcome);
      return reply;
    });
    expect(served).toBe(reply);
    expect(runs).toEqual({ served: 1, sent: 1 });
  },
);
