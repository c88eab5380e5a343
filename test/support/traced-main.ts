import { appendFileSync } from 'node:fs';
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

/**
 * The command `countersign` as it is run with the most verbose log and with an SDK of OpenTelemetry, whose spans are
 * appended to `spans.ndjson` in the current directory.
 */
const exporter = {
  export(spans: readonly object[], done: (result: { code: number }) => void) {
    for (const { name, attributes, events, status, links, resource } of spans as any[]) {
      const told = { name, attributes, events, status, links, resource: resource.attributes };
      appendFileSync('spans.ndjson', `${JSON.stringify(told)}\n`);
    }
    done({ code: 0 });
  },
  shutdown: async () => undefined,
};

trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
process.env.COUNTERSIGN_LOG_LEVEL = 'trace';
await import('../../src/main.ts');
