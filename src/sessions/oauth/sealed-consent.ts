import { openText, sealText } from '../../core/seal.ts';
import type { OauthDeps } from './deps.ts';
import type { AuthorizationRequest } from './request.ts';

/** A checked request as a person was shown it. */
export interface OpenConsent extends AuthorizationRequest {
  readonly id: string;
  readonly clientName: string | undefined;
  readonly clientKind: 'document' | 'registered';
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Who looks at the request, and in which browser; a consent is good for exactly these. */
export interface Consenter {
  readonly personId: string;
  /** A digest of the secret that signs the browser in. */
  readonly browser: string;
}

function contextOf({ personId, browser }: Consenter): string {
  return `countersign/oauth-consent/v1\n${personId}\n${browser}`;
}

/** The request as text that the page gives back, good for this person in this browser alone. */
export function sealConsent(
  deps: Pick<OauthDeps, 'consentKey' | 'random'>,
  by: Consenter,
  consent: OpenConsent,
): string {
  const sealing = { key: deps.consentKey, random: deps.random };
  return sealText(sealing, { context: contextOf(by), text: JSON.stringify(consent) }).toString('base64url');
}

/** What was sealed for this person in this browser; undefined for anything else, and for what has run out. */
export function openConsent(
  deps: Pick<OauthDeps, 'consentKey' | 'now'>,
  by: Consenter,
  sealed: string,
): OpenConsent | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  const text = openText(deps.consentKey, { context: contextOf(by), sealed: bytes });
  if (text === undefined) return undefined;
  const consent = JSON.parse(text) as OpenConsent;
  return deps.now() < consent.expiresAt ? consent : undefined;
}
