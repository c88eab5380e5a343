import { isCountersignApiError } from './api-error.ts';
import type { CallOptions, Http } from './http.ts';

export interface HealthResource {
  /** Whether the process answers at all. Needs no key. */
  live(options?: CallOptions): Promise<boolean>;
  /** Whether it takes requests: false while it starts or closes, and when it cannot be reached. Needs no key. */
  ready(options?: CallOptions): Promise<boolean>;
}

export function createHealth(http: Http): HealthResource {
  async function answers(path: string, options: CallOptions | undefined): Promise<boolean> {
    try {
      const call = {
        method: 'GET',
        path,
        authorization: null,
        options: { maxRetries: 0, ...options },
      } as const;
      await http.json(call);
      return true;
    } catch (error) {
      const isAnswer = isCountersignApiError(error) && (error.status === 503 || error.code === 'network');
      if (isAnswer || (isCountersignApiError(error) && error.code === 'timeout')) return false;
      throw error;
    }
  }
  return {
    live: (options) => answers('/healthz', options),
    ready: (options) => answers('/readyz', options),
  };
}
