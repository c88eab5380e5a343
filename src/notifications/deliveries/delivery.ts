/** `dead`: nobody tries any more, until somebody asks for it. */
export type DeliveryState = 'pending' | 'delivered' | 'dead';

export const DELIVERY_STATES: readonly DeliveryState[] = ['pending', 'delivered', 'dead'];

/** One event on its way to one endpoint. Times are epoch milliseconds. */
export interface Delivery {
  /** `evt_…`. */
  readonly event: string;
  readonly webhook: string;
  readonly type: string;
  readonly approval: string | undefined;
  readonly state: DeliveryState;
  /** What is sent, byte for byte, every time. */
  readonly body: string;
  readonly attempts: number;
  readonly nextAt: number;
  /** Of the last attempt: the status of the answer, or why there was none. */
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly createdAt: number;
  readonly attemptedAt: number | undefined;
  readonly endedAt: number | undefined;
}

/** What an answer means: only 2xx is a delivery, 410 asks never to be sent anything again. */
export function readAnswer(status: number): 'delivered' | 'gone' | 'failed' {
  if (status >= 200 && status < 300) return 'delivered';
  return status === 410 ? 'gone' : 'failed';
}

/** Why an answer is no delivery, in a few words. */
export function answerProblem(status: number): string {
  return status >= 300 && status < 400
    ? `answered with ${status}; redirects are not followed`
    : `answered with ${status}`;
}
