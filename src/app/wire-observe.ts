import type { Logger } from 'pino';
import { countPending } from '../approvals/list.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import type { Tracing } from '../gate/tracing.ts';
import type { RunningLedger } from '../ledger/ledger.ts';
import { queryEntries } from '../ledger/query.ts';
import { latestCheckpoint } from '../ledger/store.ts';
import type { Reader } from '../storage/database.ts';
import type { AppEvent } from './options.ts';

/** What tells operators how the gateway does; its members are absent where nobody has switched them on. */
export interface Observed {
  readonly tracing?: Tracing;
  readonly policyFailed?: (stage: 'evaluate' | 'load') => void;
  close(): Promise<void>;
}

interface Watched {
  readonly config: Pick<Config, 'observing'>;
  readonly database: Reader;
  readonly ledger: RunningLedger;
  readonly log: Logger;
  readonly now: Clock;
  readonly workspace: string;
  readonly emit: (event: AppEvent) => void;
}

async function startMetrics(
  { database, ledger, log, now, workspace, emit }: Watched,
  address: { host: string; port: number },
): Promise<Omit<Observed, 'tracing'>> {
  const [{ createMetrics }, { serveMetrics }] = await Promise.all([
    import('../observe/metrics.ts'),
    import('../observe/serve-metrics.ts'),
  ]);
  const report = (err: unknown): void => log.error({ err }, 'something could not be measured');
  const metrics = await createMetrics({
    now,
    report,
    countPending: () => countPending(database, workspace),
    requestedAt: async (approval) => {
      const asked = { approval, type: 'approval.requested', limit: 1 };
      return (await queryEntries(database, asked)).entries[0]?.ts;
    },
    ledgerSize: () => ledger.head().size,
    signedSize: async () => (await latestCheckpoint(database))?.size ?? 0,
  });
  const server = await serveMetrics(metrics, { ...address, report });
  const stop = ledger.onEntries(metrics.onEntries);
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  emit({ event: 'metrics.listening', url: `http://${host}:${server.port}/metrics` });
  return {
    policyFailed: metrics.policyFailed,
    close() {
      stop();
      return server.close();
    },
  };
}

/** Loads and starts only what the configuration switches on. Throws `config_invalid` for a port that cannot be had. */
export async function wireObserve(watched: Watched): Promise<Observed> {
  const { metrics, tracing } = watched.config.observing;
  const measured =
    metrics === undefined ? { close: async () => undefined } : await startMetrics(watched, metrics);
  if (!tracing) return measured;
  const { createTracing } = await import('../observe/tracing.ts');
  return { ...measured, tracing: createTracing() };
}
