import { WORKER_PATH } from './model/push-message.ts';

/** A value of Trusted Types that `register` takes (W3C Trusted Types §2.2); TypeScript's DOM does not know it. */
interface PolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory };

// The one policy that the Content-Security-Policy allows. It lets nothing through but the worker's own address.
const policy = trustedTypes?.createPolicy('countersign-worker', {
  createScriptURL(url) {
    if (url !== WORKER_PATH) throw new TypeError(`Only ${WORKER_PATH} may be run as a worker.`);
    return url;
  },
});

/** The address of the service worker, as a browser with Trusted Types wants it. */
export function workerAddress(): string {
  return policy === undefined ? WORKER_PATH : policy.createScriptURL(WORKER_PATH);
}
