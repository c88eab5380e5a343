import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import { isCountersignApiError } from '../../sdk/api-error.ts';
import { Countersign } from '../../sdk/countersign.ts';
import { createHttp } from '../../sdk/http.ts';
import { type Statement, type StatementWire, statementFrom } from '../../sdk/statement.ts';
import type { CheckedConnection } from './model/connection.ts';

/** The signed-in person. */
export interface Me {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** The public API as this page uses it, with the cookie of the signed-in person. */
export interface Api {
  readonly client: Countersign;
  /** Undefined when nobody is signed in. */
  me(): Promise<Me | undefined>;
  enrolOptions(
    token: string,
  ): Promise<{ challengeId: string; name: string; options: PublicKeyCredentialCreationOptionsJSON }>;
  enrol(answer: { token: string; challengeId: string; response: unknown }): Promise<void>;
  signInOptions(): Promise<{ challengeId: string; options: PublicKeyCredentialRequestOptionsJSON }>;
  signIn(answer: { challengeId: string; response: unknown }): Promise<void>;
  addPasskeyOptions(): Promise<{ challengeId: string; options: PublicKeyCredentialCreationOptionsJSON }>;
  /** Has a new passkey checked; the statement that another passkey must sign before it counts. */
  offerPasskey(answer: { challengeId: string; response: unknown }): Promise<Statement>;
  signOut(): Promise<void>;
  /** What the query of the authorization endpoint asks for. */
  checkConnection(query: string): Promise<CheckedConnection>;
  /** Where the browser goes with the answer. */
  allowConnection(
    consent: string,
    terms: { tools: readonly string[]; ttlMs: number; labels: Readonly<Record<string, string>> },
  ): Promise<string>;
  denyConnection(consent: string): Promise<string>;
}

interface CeremonyWire<Options> {
  readonly challenge_id: string;
  readonly name?: string;
  readonly options: Options;
}

export function createApi(): Api {
  const http = createHttp({
    baseUrl: location.origin,
    fetch: (url, init) => fetch(url, init),
    timeoutMs: 30_000,
    maxRetries: 1,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const post = async <T>(path: string, body: unknown): Promise<T> =>
    (await http.json<T>({ method: 'POST', path, body })).body;
  return {
    client: new Countersign({ baseUrl: location.origin }),
    async me() {
      try {
        const { body } = await http.json<{ person: Me }>({ method: 'GET', path: '/v1/me' });
        return body.person;
      } catch (error) {
        if (isCountersignApiError(error) && error.status === 401) return undefined;
        throw error;
      }
    },
    async enrolOptions(token) {
      type Wire = CeremonyWire<PublicKeyCredentialCreationOptionsJSON>;
      const wire = await post<Wire>('/v1/webauthn/enrol/options', { token });
      return {
        challengeId: wire.challenge_id,
        name: wire.name ?? wire.options.user.displayName,
        options: wire.options,
      };
    },
    enrol: ({ token, challengeId, response }) =>
      post('/v1/webauthn/enrol/verify', { token, challenge_id: challengeId, response }),
    async signInOptions() {
      type Wire = CeremonyWire<PublicKeyCredentialRequestOptionsJSON>;
      const wire = await post<Wire>('/v1/webauthn/sign-in/options', {});
      return { challengeId: wire.challenge_id, options: wire.options };
    },
    signIn: ({ challengeId, response }) =>
      post('/v1/webauthn/sign-in/verify', { challenge_id: challengeId, response }),
    async addPasskeyOptions() {
      type Wire = CeremonyWire<PublicKeyCredentialCreationOptionsJSON>;
      const wire = await post<Wire>('/v1/webauthn/add-passkey/options', {});
      return { challengeId: wire.challenge_id, options: wire.options };
    },
    async offerPasskey({ challengeId, response }) {
      const body = { challenge_id: challengeId, response };
      return statementFrom(await post<StatementWire>('/v1/webauthn/add-passkey/verify', body));
    },
    signOut: () => post('/v1/webauthn/sign-out', {}),
    checkConnection: (query) => post('/v1/oauth/requests', { query }),
    async allowConnection(consent, { tools, ttlMs, labels }) {
      const body = { consent, decision: 'allow', tools, ttl_ms: ttlMs, labels };
      return (await post<{ redirect_to: string }>('/v1/oauth/consents', body)).redirect_to;
    },
    async denyConnection(consent) {
      const body = { consent, decision: 'deny' };
      return (await post<{ redirect_to: string }>('/v1/oauth/consents', body)).redirect_to;
    },
  };
}

/** What went wrong, in words for the person in front of the page, and the request's id for the operator. */
export function explain(error: unknown): string {
  if (isCountersignApiError(error)) {
    return error.requestId === undefined ? error.message : `${error.message} (request ${error.requestId})`;
  }
  if (error instanceof Error && error.name === 'NotAllowedError') {
    return 'The passkey prompt was closed, timed out, or found no passkey for this site. Nothing was signed. Try again.';
  }
  if (error instanceof Error && error.name === 'InvalidStateError') {
    return 'This device already holds a passkey for this site and person. Sign in with it instead.';
  }
  return error instanceof Error ? error.message : String(error);
}

export function isSignedOut(error: unknown): boolean {
  return isCountersignApiError(error) && error.status === 401;
}
