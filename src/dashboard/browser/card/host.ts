import { isObject, type Json } from './json.ts';

/** The host that shows the card, spoken to by JSON-RPC over `postMessage` (SEP-1865, Transport Layer). */
export interface Host {
  /** Rejects with what the host said, or when it has not answered within 30 s. */
  request(method: string, params: Json): Promise<Json>;
  notify(method: string, params: Json): void;
}

interface Waiting {
  readonly resolve: (result: Json) => void;
  readonly reject: (error: Error) => void;
}

const METHOD_NOT_FOUND = -32601;
const ANSWER_WITHIN_MS = 30_000;

/** What a host may ask of every view; the answer of both is empty. */
const ANSWERED: ReadonlySet<unknown> = new Set(['ping', 'ui/resource-teardown']);

/** Messages of any other window are ignored. `told` gets what the host says without being asked. */
export function connectHost(told: (method: string, params: Json) => void): Host {
  const waiting = new Map<number, Waiting>();
  const host = window.parent;
  const send = (message: Json): void => host.postMessage({ jsonrpc: '2.0', ...message }, '*');

  function settle(id: number, { result, error }: Json): void {
    const found = waiting.get(id);
    waiting.delete(id);
    if (isObject(result)) found?.resolve(result);
    else {
      const said =
        isObject(error) && typeof error.message === 'string' ? error.message : 'no result came back';
      found?.reject(new Error(said));
    }
  }

  window.addEventListener('message', ({ source, data }: MessageEvent<unknown>) => {
    if (source !== host || !isObject(data) || data.jsonrpc !== '2.0') return;
    const { id, method, params } = data;
    if (typeof method !== 'string') {
      if (typeof id === 'number') settle(id, data);
      return;
    }
    told(method, isObject(params) ? params : {});
    if (id === undefined) return;
    const error = { code: METHOD_NOT_FOUND, message: 'The card knows no such method.' };
    send(ANSWERED.has(method) ? { id, result: {} } : { id, error });
  });

  const ids = { last: 0 };
  return {
    request(method, params) {
      ids.last += 1;
      const id = ids.last;
      return new Promise<Json>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        setTimeout(() => settle(id, { error: { message: 'no answer came in time' } }), ANSWER_WITHIN_MS);
        send({ id, method, params });
      });
    },
    notify: (method, params) => send({ method, params }),
  };
}
