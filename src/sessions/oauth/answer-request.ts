import { sha256Hex } from '../../core/digest.ts';
import { CountersignError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import { draftSession } from '../mint.ts';
import type { OauthDeps } from './deps.ts';
import { redirectWith } from './redirect.ts';
import { type Consenter, type OpenConsent, openConsent } from './sealed-consent.ts';
import { oauthSecret, SECRET_BYTES } from './secret.ts';
import { dropStaleCodes, insertCode, markClientUsed } from './store.ts';

/** What a person lets a client have. */
export interface ConsentTerms {
  /** Whose agent it is: the subject that stands for this person. */
  readonly subject: string;
  readonly tools: readonly string[];
  readonly ttlMs: number;
  readonly labels: Readonly<Record<string, string>>;
}

function opened(deps: OauthDeps, by: Consenter, consent: string): OpenConsent {
  const found = openConsent(deps, by, consent);
  if (found !== undefined) return found;
  throw new CountersignError(
    'conflict',
    'This request has run out, or was shown to somebody else or in another browser. Nothing was connected. Begin again in the application.',
  );
}

/** What the ledger says of a client. */
function onLedger({ clientId, clientName, clientKind, redirectUri }: OpenConsent): JsonObject {
  return {
    id: clientId,
    kind: clientKind,
    ...(clientName === undefined ? {} : { name: clientName }),
    redirect_uri: redirectUri,
  };
}

function checkTerms(deps: OauthDeps, by: Consenter, terms: ConsentTerms): void {
  const { subject, tools, ttlMs, labels } = terms;
  if (Number.isInteger(ttlMs) && ttlMs < LIMITS.oauthConsentedMinMs) {
    const expected = `at least ${LIMITS.oauthConsentedMinMs} milliseconds`;
    throw new CountersignError('invalid_request', `ttl_ms: expected ${expected}`, {
      fields: [{ field: 'ttl_ms', expected }],
    });
  }
  draftSession(deps, { subject, tools: [...tools], ttlMs, labels }, `person:${by.personId}`);
}

/**
 * Consents for a person: where their browser goes, with a code that becomes the session's token once, within a minute
 * (RFC 6749 §4.1.2, `iss` of RFC 9207). The session lasts `ttlMs` from now on. Throws `invalid_request` naming `tools`,
 * `ttl_ms` or `labels`; `conflict` when the request was answered already, has run out, or was shown to another person or
 * browser.
 */
export async function allowRequest(
  deps: OauthDeps,
  input: { consent: string; by: Consenter; terms: ConsentTerms },
): Promise<string> {
  const { by, terms } = input;
  const consent = opened(deps, by, input.consent);
  checkTerms(deps, by, terms);
  const now = deps.now();
  const code = oauthSecret('code', deps.random(SECRET_BYTES));
  const { subject, tools, labels, ttlMs } = terms;
  const applied = await deps.ledger.commit({
    guard: insertCode({
      hash: sha256Hex(code),
      workspace: deps.workspace,
      consentId: consent.id,
      client: onLedger(consent),
      clientId: consent.clientId,
      redirectUri: consent.redirectUri,
      challenge: consent.challenge,
      personId: by.personId,
      terms: { subject, tools, labels },
      until: now + ttlMs,
      expiresAt: now + LIMITS.oauthCodeTtlMs,
    }),
    then: [dropStaleCodes(now, LIMITS.oauthConsentTtlMs), markClientUsed(consent.clientId, now)],
    entries: [],
  });
  if (applied.kind === 'refused') {
    throw new CountersignError(
      'conflict',
      'This request was answered already. Begin again in the application.',
    );
  }
  return redirectWith(consent.redirectUri, { code, state: consent.state, iss: deps.origin });
}

/** Refuses for a person: where their browser goes. Nothing is stored. Throws `conflict` like `allowRequest`. */
export function denyRequest(deps: OauthDeps, input: { consent: string; by: Consenter }): string {
  const { redirectUri, state } = opened(deps, input.by, input.consent);
  const answer = {
    error: 'access_denied',
    error_description: 'The person said no.',
    state,
    iss: deps.origin,
  };
  return redirectWith(redirectUri, answer);
}
