import { type AuthenticationResponseJSON, startAuthentication } from '@simplewebauthn/browser';
import type { Statement } from '../../sdk/statement.ts';
import { refusal } from './refusal.ts';

const PROMPT_MS = 120_000;

/**
 * Has the passkey sign a statement once `verify` has found it to say what is on the screen; `verify` gives the
 * challenge computed here. Throws a `Refusal` when it finds a difference; then the passkey was never asked.
 */
export async function signStatement(
  statement: Statement,
  verify: () => Promise<string>,
): Promise<AuthenticationResponseJSON> {
  const challenge = await verify().catch((cause: unknown) => {
    throw refusal(cause);
  });
  return startAuthentication({
    optionsJSON: {
      challenge,
      rpId: statement.rpId,
      userVerification: 'required',
      timeout: PROMPT_MS,
      allowCredentials: statement.allowCredentials.map(({ id, transports }) => ({
        id,
        type: 'public-key',
        ...(transports === undefined ? {} : { transports: [...transports] as AuthenticatorTransport[] }),
      })),
    },
  });
}
