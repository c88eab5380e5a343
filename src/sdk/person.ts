import type { CallOptions, Http } from './http.ts';
import { type Statement, type StatementWire, statementFrom } from './statement.ts';

/** The person whose cookie the browser holds. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** What a WebAuthn ceremony begins with; `options` go to the browser's authenticator as they are. */
export interface Ceremony<Options extends object = Readonly<Record<string, unknown>>> {
  readonly challengeId: string;
  readonly options: Options;
}

/** What it ends with: what the authenticator answered, as JSON. */
export interface CeremonyAnswer {
  readonly challengeId: string;
  readonly response: unknown;
}

/** Signing in with a passkey, for pages at the gateway's own origin: the gateway answers with a cookie. */
export interface PersonResource {
  /** Throws `unauthenticated` when nobody is signed in, `forbidden` for an API key. */
  me(options?: CallOptions): Promise<Person>;
  /** `token` stands in the link of an invite. */
  enrolOptions<Options extends object>(
    token: string,
    options?: CallOptions,
  ): Promise<Ceremony<Options> & { readonly name: string | null }>;
  /** Makes the passkey count and signs its owner in. A link works once. */
  enrol(answer: CeremonyAnswer & { readonly token: string }, options?: CallOptions): Promise<Person>;
  signInOptions<Options extends object>(options?: CallOptions): Promise<Ceremony<Options>>;
  signIn(answer: CeremonyAnswer, options?: CallOptions): Promise<Person>;
  signOut(options?: CallOptions): Promise<void>;
  /** Begins one more passkey of whoever is signed in. */
  addPasskeyOptions<Options extends object>(options?: CallOptions): Promise<Ceremony<Options>>;
  /** Has it checked; the statement that another passkey must sign before it counts (`acts.addPasskey`). */
  offerPasskey(answer: CeremonyAnswer, options?: CallOptions): Promise<Statement>;
}

interface CeremonyWire<Options extends object> {
  readonly challenge_id: string;
  readonly name?: string;
  readonly options: Options;
}

export function createPerson(http: Http): PersonResource {
  async function post<T>(path: string, body: object, options: CallOptions | undefined): Promise<T> {
    return (await http.json<T>({ method: 'POST', path, body, options })).body;
  }

  async function begin<Options extends object>(
    path: string,
    options: CallOptions | undefined,
  ): Promise<Ceremony<Options>> {
    const wire = await post<CeremonyWire<Options>>(path, {}, options);
    return { challengeId: wire.challenge_id, options: wire.options };
  }

  return {
    async me(options) {
      const call = { method: 'GET', path: '/v1/me', options } as const;
      return (await http.json<{ person: Person }>(call)).body.person;
    },
    async enrolOptions<Options extends object>(token: string, options?: CallOptions) {
      const wire = await post<CeremonyWire<Options>>('/v1/webauthn/enrol/options', { token }, options);
      return { challengeId: wire.challenge_id, name: wire.name ?? null, options: wire.options };
    },
    async enrol({ token, challengeId, response }, options) {
      const body = { token, challenge_id: challengeId, response };
      return (await post<{ person: Person }>('/v1/webauthn/enrol/verify', body, options)).person;
    },
    signInOptions: (options) => begin('/v1/webauthn/sign-in/options', options),
    async signIn({ challengeId, response }, options) {
      const body = { challenge_id: challengeId, response };
      return (await post<{ person: Person }>('/v1/webauthn/sign-in/verify', body, options)).person;
    },
    signOut: (options) => post('/v1/webauthn/sign-out', {}, options),
    addPasskeyOptions: (options) => begin('/v1/webauthn/add-passkey/options', options),
    async offerPasskey({ challengeId, response }, options) {
      const body = { challenge_id: challengeId, response };
      return statementFrom(await post<StatementWire>('/v1/webauthn/add-passkey/verify', body, options));
    },
  };
}
