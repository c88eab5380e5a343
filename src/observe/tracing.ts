import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  context,
  diag,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { FoundOutcome, SentRequest, Tracing } from '../gate/tracing.ts';
import { SPANS } from './names.ts';
import { readTraceContext, withTraceContext } from './trace-context.ts';

/** Approvals whose spans are remembered, to be linked from what comes later. */
const REMEMBERED = 10_000;

interface Remembered {
  readonly request?: SpanContext;
  readonly decision?: SpanContext;
}

/** The newest approvals, each with the spans that it began and was decided in. */
function createMemory() {
  const known = new Map<string, Remembered>();
  return {
    linksOf(approval: string): Link[] {
      const { request, decision } = known.get(approval) ?? {};
      return [request, decision].flatMap((one) => (one === undefined ? [] : [{ context: one }]));
    },
    keep(approval: string, spans: Remembered): void {
      const merged = { ...known.get(approval), ...spans };
      known.delete(approval);
      known.set(approval, merged);
      for (const oldest of known.keys()) {
        if (known.size <= REMEMBERED) break;
        known.delete(oldest);
      }
    },
  };
}

function nameOf({ method, tool }: { method: string; tool: string | undefined }): string {
  return tool === undefined ? method : `${method} ${tool}`;
}

function attributesOf({ method, tool }: { method: string; tool: string | undefined }): Attributes {
  const isCall = method === 'tools/call';
  return {
    [SPANS.method]: method,
    ...(tool === undefined ? {} : { [SPANS.tool]: tool }),
    ...(isCall ? { [SPANS.operation]: SPANS.executeTool } : {}),
  };
}

/** What a broken SDK of the operator's throws is for its own diagnostics: no request fails by it. */
function quietly(step: () => void): void {
  try {
    step();
  } catch (error) {
    diag.error('a span is incomplete', error);
  }
}

function failed(span: Span, type: string): void {
  quietly(() => {
    span.setAttribute(SPANS.errorType, type);
    span.setStatus({ code: SpanStatusCode.ERROR });
  });
}

function approvalOf({ meta }: SentRequest): string | undefined {
  const id = meta?.['countersign/approval'];
  return typeof id === 'string' ? id : undefined;
}

/**
 * Spans for whatever SDK of OpenTelemetry the operator has registered in this process; without one nothing is recorded.
 * A request's span has the agent's as its parent, what is sent has the request's; a decision and a replay are traces of
 * their own, linked to where they come from for as long as this process remembers.
 */
export function createTracing(): Tracing {
  const tracer = trace.getTracer(SPANS.scope);
  const memory = createMemory();
  // Not every SDK brings a context manager, and without one nothing else knows the span in force.
  const serving = new AsyncLocalStorage<Span>();

  function begin(name: string, options: SpanOptions, parent: Context): Span {
    let span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    quietly(() => {
      span = tracer.startSpan(name, options, parent);
    });
    return span;
  }

  function tellOf(span: Span, { kind, code, approval, created }: FoundOutcome): void {
    span.setAttribute(SPANS.outcome, kind);
    if (kind === 'refused') failed(span, code ?? 'internal');
    if (kind === 'denied') failed(span, 'denied_by_policy');
    if (approval === undefined) return;
    span.setAttribute(SPANS.approval, approval.id);
    for (const link of memory.linksOf(approval.id)) span.addLink(link);
    if (created === true) memory.keep(approval.id, { request: span.spanContext() });
  }

  return {
    found(outcome) {
      const span = serving.getStore();
      if (span !== undefined) quietly(() => tellOf(span, outcome));
    },

    serve(served, run) {
      const parent = readTraceContext(served.meta);
      const base = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
      const attributes = { ...attributesOf(served), [SPANS.session]: served.session };
      const span = begin(nameOf(served), { kind: SpanKind.SERVER, attributes }, base);
      return serving.run(span, async () => {
        try {
          const reply = await context.with(trace.setSpan(base, span), run);
          if (reply.kind === 'error') {
            const code = String(reply.error.code);
            quietly(() => span.setAttribute(SPANS.rpcStatus, code));
            failed(span, code);
          }
          return reply;
        } catch (error) {
          failed(span, 'internal');
          throw error;
        } finally {
          quietly(() => span.end());
        }
      });
    },

    async send(sent, go) {
      const approval = approvalOf(sent);
      const parent = approval === undefined ? serving.getStore() : undefined;
      const base = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
      const attributes = {
        ...attributesOf(sent),
        [SPANS.server]: sent.server,
        ...(approval === undefined ? {} : { [SPANS.approval]: approval }),
      };
      const links = approval === undefined ? [] : memory.linksOf(approval);
      const span = begin(nameOf(sent), { kind: SpanKind.CLIENT, attributes, links }, base);
      const own = span.spanContext();
      try {
        const meta = isSpanContextValid(own) ? withTraceContext(sent.meta, own) : sent.meta;
        const outcome = await context.with(trace.setSpan(base, span), () => go(meta));
        quietly(() => span.setAttribute(SPANS.outcome, outcome.kind));
        if (outcome.kind === 'result' && outcome.isError) failed(span, 'tool_error');
        else if (['error', 'not_sent', 'unknown'].includes(outcome.kind)) failed(span, outcome.kind);
        return outcome;
      } catch (error) {
        failed(span, 'internal');
        throw error;
      } finally {
        quietly(() => span.end());
      }
    },

    decided({ approval, tool, state }) {
      const attributes = {
        [SPANS.tool]: tool,
        [SPANS.approval]: approval,
        [SPANS.outcome]: state,
      };
      const links = memory.linksOf(approval);
      const span = begin(`${SPANS.decide} ${tool}`, { attributes, links }, ROOT_CONTEXT);
      quietly(() => span.end());
      memory.keep(approval, { decision: span.spanContext() });
    },
  };
}
