import { booleanOf, type Settings, textOf } from './settings.ts';

/** What the gateway tells those who operate it, beside its log. */
export interface Observing {
  /** Where Prometheus reads; nothing is measured without it. */
  readonly metrics?: { readonly host: string; readonly port: number };
  /** Spans go to the SDK of OpenTelemetry that the process has loaded. */
  readonly tracing: boolean;
}

/** Reads `metrics` and `tracing`. Throws `config_invalid`. */
export function observingFrom(settings: Settings): Observing {
  const tracing = booleanOf(settings, 'tracing') ?? false;
  const port = settings.at('metrics.port');
  if (port === undefined) {
    if (settings.has('metrics.host')) settings.fail('metrics.host', 'expected metrics.port beside it');
    return { tracing };
  }
  const isPort = typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535;
  if (!isPort) return settings.fail('metrics.port', 'expected a port between 0 and 65535');
  return { tracing, metrics: { host: textOf(settings, 'metrics.host') ?? '127.0.0.1', port } };
}
