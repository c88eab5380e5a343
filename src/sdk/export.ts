import type { CallOptions, Http } from './http.ts';

export interface ExportInput {
  /** Discloses arguments, calls, views, results and tokens that were not erased. Needs the role operator. */
  readonly payloads?: boolean | undefined;
  /** Only what is about this approval, with inclusion proofs. */
  readonly approval?: string | undefined;
}

export interface ExportResource {
  /**
   * The ledger as lines to be verified offline (docs/ledger-format.md), in UTF-8, as they come. What ends without the
   * line `{"end":…}` was cut off and is no export. The timeout does not bound the body; `signal` does.
   */
  export(input?: ExportInput, options?: CallOptions): Promise<ReadableStream<Uint8Array>>;
}

export function createExport(http: Http): ExportResource {
  return {
    export({ payloads, approval } = {}, options) {
      const query = { payloads: payloads === true ? 'true' : undefined, approval };
      const headers = { accept: 'application/x-ndjson' };
      return http.stream({ method: 'GET', path: '/v1/logs/export', query, headers, options });
    },
  };
}
