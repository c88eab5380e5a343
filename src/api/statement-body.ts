import { z } from '@hono/zod-openapi';
import { toRfc3339 } from '../core/clock.ts';
import { allowedCredentials } from '../principals/prove.ts';
import type { ApiDeps } from './context.ts';

/** A statement that is offered to be signed, whatever it is about. */
export const statementSchema = z.object({
  statement_id: z.string(),
  statement: z.string(),
  challenge: z.string(),
  expires_at: z.string(),
  rp_id: z.string(),
  allow_credentials: z.array(z.object({ id: z.string(), transports: z.array(z.string()) })),
});

/** The answer of a passkey (WebAuthn Level 3 §5.8.6.3), as `navigator.credentials.get` gives it in JSON. */
export const assertionSchema = z.looseObject({
  id: z.string(),
  rawId: z.string(),
  type: z.string(),
  response: z.looseObject({
    clientDataJSON: z.string(),
    authenticatorData: z.string(),
    signature: z.string(),
  }),
  clientExtensionResults: z.looseObject({}),
});

/** An offered statement, with the passkeys that its person may sign it with; none for a service account. */
export async function showStatement(
  deps: ApiDeps,
  input: {
    offer: { id: string; text: string; challenge: Uint8Array; expiresAt: number };
    personId: string | undefined;
  },
): Promise<z.infer<typeof statementSchema>> {
  const { offer, personId } = input;
  const credentials = personId === undefined ? [] : await allowedCredentials(deps.principals, personId);
  return {
    statement_id: offer.id,
    statement: offer.text,
    challenge: Buffer.from(offer.challenge).toString('base64url'),
    expires_at: toRfc3339(offer.expiresAt),
    rp_id: deps.principals.party.rpId,
    allow_credentials: credentials.map(({ id, transports }) => ({ id, transports: [...transports] })),
  };
}
