import { errorText } from '../../core/errors.ts';
import type { DownstreamOutcome } from '../catalog.ts';
import type { Call } from '../link.ts';
import type { Credentials } from './credential.ts';

/** What one sending of a call carries. */
export interface Access {
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Told when the server has refused it with 401 alone, and so has not run it. */
  readonly unauthorised: (answer: { readonly challenged: boolean }) => void;
}

const ENDED: DownstreamOutcome = {
  kind: 'not_sent',
  code: 'cancelled',
  reason: 'the session ended before the call was sent',
};

function notSent(reason: string): DownstreamOutcome {
  return { kind: 'not_sent', code: 'downstream_unavailable', reason };
}

/**
 * Sends a call with the access token of the server. It is sent a second time only when the server answered 401 with a
 * challenge (`WWW-Authenticate`, RFC 9110 §11.6.1) and with nothing that answers the call itself: the server has then
 * asked for another credential instead of running it. Nothing else, and no second 401, leads to another sending.
 */
export async function callWithToken(
  credentials: Credentials,
  call: Call,
  send: (call: Call, access: Access) => Promise<DownstreamOutcome>,
): Promise<DownstreamOutcome> {
  let token: string;
  try {
    token = await credentials.token();
  } catch (error) {
    return notSent(errorText(error));
  }
  const ended = (): boolean => call.stillAllowed?.() === false;
  if (ended()) return ENDED;
  const refused = { at: false, challenged: false };
  const headersOf = (text: string) => ['authorization', `Bearer ${text}`];
  const first = await send(call, {
    headers: headersOf(token),
    unauthorised: ({ challenged }) => Object.assign(refused, { at: true, challenged }),
  });
  if (!refused.at) return first;
  const renewed = await credentials.renew(token);
  if (renewed === undefined || !refused.challenged) return first;
  if (ended()) return ENDED;
  return await send(call, { headers: headersOf(renewed), unauthorised: () => undefined });
}
