import type { Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import type { Entry } from '../ledger/entry.ts';
import { METRICS } from './names.ts';

/** From a second to a day: people decide. */
const DECISION_BUCKETS_S = [1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400];
const LAG_BUCKETS_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export interface MetricSources {
  readonly now: Clock;
  /** How many approvals wait for a decision. */
  readonly countPending: () => Promise<number>;
  /** When an approval was requested, epoch milliseconds. */
  readonly requestedAt: (approval: string) => Promise<number | undefined>;
  readonly ledgerSize: () => number;
  /** The size that the newest signed head covers. */
  readonly signedSize: () => Promise<number>;
  /** Told of what could not be measured. */
  readonly report: (error: unknown) => void;
}

export interface Metrics {
  readonly registry: Registry;
  /** Counts what entries tell, after they are durable. */
  onEntries(entries: readonly Entry[]): void;
  policyFailed(stage: 'evaluate' | 'load'): void;
}

const ENDED: ReadonlyMap<string, string> = new Map([
  ['approval.approved', 'approved'],
  ['approval.denied', 'denied'],
  ['approval.expired', 'expired'],
  ['approval.cancelled', 'cancelled'],
  ['approval.void', 'void'],
]);

const FAILURES: ReadonlySet<string> = new Set(['error', 'not_sent', 'unknown', 'failed']);

/** The server of `server/tool`, `resource:server/…` or `prompt:server/…`. */
function serverOf(action: string | undefined): string {
  const name = (action ?? '').replace(/^(?:resource|prompt):/, '');
  const slash = name.indexOf('/');
  return slash < 0 ? '' : name.slice(0, slash);
}

/** Counts and measures, by the ledger's own entries: what is not on it did not happen. */
export async function createMetrics(sources: MetricSources): Promise<Metrics> {
  const { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } = await import('prom-client');
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => Promise<number> | number): void => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read());
      },
    });
  };
  gauge(METRICS.pending, 'Approvals that wait for a decision', sources.countPending);
  gauge(METRICS.entries, 'Entries of the ledger', sources.ledgerSize);
  gauge(METRICS.unsigned, 'Entries that no signed head covers yet', async () =>
    Math.max(0, sources.ledgerSize() - (await sources.signedSize())),
  );
  const requested = new Counter({ name: METRICS.requested, help: 'Approvals requested', registers });
  const ended = new Counter({
    name: METRICS.ended,
    help: 'Approvals decided, expired, cancelled or void',
    labelNames: ['state'],
    registers,
  });
  for (const state of ENDED.values()) ended.inc({ state }, 0);
  const decision = new Histogram({
    name: METRICS.decision,
    help: 'From a request until the decision that settled it, in seconds',
    labelNames: ['decision'],
    buckets: DECISION_BUCKETS_S,
    registers,
  });
  const calls = new Counter({
    name: METRICS.calls,
    help: 'Calls by what policy found',
    labelNames: ['verdict'],
    registers,
  });
  const errors = new Counter({
    name: METRICS.downstreamErrors,
    help: 'Calls that a server refused, failed, or left without an outcome',
    labelNames: ['server', 'kind'],
    registers,
  });
  const policyErrors = new Counter({
    name: METRICS.policyErrors,
    help: 'Policies that could not be loaded, and calls that could not be judged by a rule',
    labelNames: ['stage'],
    registers,
  });
  for (const stage of ['evaluate', 'load']) policyErrors.inc({ stage }, 0);
  const lag = new Histogram({
    name: METRICS.lag,
    help: 'From when an entry was sealed until it was durable and everybody was told, in seconds',
    buckets: LAG_BUCKETS_S,
    registers,
  });

  function observeDecision({ ref, ts, type, body }: Entry): void {
    const { approval } = ref;
    // What policy allowed at once was decided by nobody.
    if (approval === undefined || body.basis === 'policy') return;
    sources.requestedAt(approval).then((at) => {
      const labels = { decision: type === 'approval.denied' ? 'deny' : 'approve' };
      if (at !== undefined) decision.observe(labels, Math.max(0, ts - at) / 1_000);
    }, sources.report);
  }

  function countEntry(entry: Entry): void {
    const { type, ref, body } = entry;
    const state = ENDED.get(type);
    if (state !== undefined) ended.inc({ state });
    switch (type) {
      case 'approval.requested':
        requested.inc();
        if (body.effect === 'hold') calls.inc({ verdict: 'hold' });
        break;
      case 'approval.approved':
      case 'approval.denied':
        observeDecision(entry);
        break;
      case 'call.intent':
        calls.inc({ verdict: 'allow' });
        break;
      case 'call.denied':
        calls.inc({ verdict: 'deny' });
        break;
      case 'call.outcome':
      case 'approval.outcome': {
        const kind = body.is_error === true ? 'tool_error' : String(body.kind ?? body.state);
        if (kind === 'tool_error' || FAILURES.has(kind)) errors.inc({ server: serverOf(ref.action), kind });
        break;
      }
      default:
    }
  }

  return {
    registry,
    onEntries(entries) {
      for (const entry of entries) countEntry(entry);
      const newest = entries.at(-1);
      if (newest !== undefined) lag.observe(Math.max(0, sources.now() - newest.ts) / 1_000);
    },
    policyFailed: (stage) => policyErrors.inc({ stage }),
  };
}
