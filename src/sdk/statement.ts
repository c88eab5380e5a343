import { apiError } from './api-error.ts';
import type { Decision } from './terms.ts';

/** What is signed for a decision: `challenge` is the SHA-256 of the statement under its own prefix. */
export interface Statement {
  readonly statementId: string;
  /** RFC 8785 text; it names the approval, the decision and the commitments to the call and its view. */
  readonly statement: string;
  /** base64url, 32 bytes. */
  readonly challenge: string;
  readonly expiresAt: string;
  readonly rpId: string;
  readonly allowCredentials: readonly { readonly id: string; readonly transports?: readonly string[] }[];
}

export interface StatementWire {
  readonly statement_id: string;
  readonly statement: string;
  readonly challenge: string;
  readonly expires_at: string;
  readonly rp_id: string;
  readonly allow_credentials?: Statement['allowCredentials'];
}

export function statementFrom(wire: StatementWire): Statement {
  return {
    statementId: wire.statement_id,
    statement: wire.statement,
    challenge: wire.challenge,
    expiresAt: wire.expires_at,
    rpId: wire.rp_id,
    allowCredentials: wire.allow_credentials ?? [],
  };
}

const STATEMENT_PREFIX = 'countersign/statement/v1\n';

/** base64url without padding (RFC 4648 §5). */
export function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The 32 bytes that are signed for a statement, computed here and not taken from the gateway. */
export async function challengeOf(statement: string): Promise<Uint8Array> {
  const digest = await crypto.subtle.digest(
    'SHA-256',
    new TextEncoder().encode(STATEMENT_PREFIX + statement),
  );
  return new Uint8Array(digest);
}

/**
 * The bytes to sign, once the statement says what was asked for: this approval, this decision, this challenge.
 * Throws `bad_response` otherwise, so that nothing else is ever signed.
 */
export async function bytesToSign(
  given: Statement,
  asked: { readonly approval: string; readonly decision: Decision },
): Promise<Uint8Array> {
  const said = JSON.parse(given.statement) as { approval?: unknown; decision?: unknown };
  const challenge = await challengeOf(given.statement);
  const differs =
    said.approval !== asked.approval ? 'approval' : said.decision !== asked.decision ? 'decision' : undefined;
  if (differs !== undefined || toBase64Url(challenge) !== given.challenge) {
    const message = `The gateway gave a statement with another ${differs ?? 'challenge'} than was asked for; it was not signed.`;
    throw apiError({ code: 'bad_response', message });
  }
  return challenge;
}
