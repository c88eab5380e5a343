import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import { isCountersignApiError } from '../../sdk/api-error.ts';
import { Countersign } from '../../sdk/countersign.ts';
import type { Person } from '../../sdk/person.ts';

/** The signed-in person. */
export type Me = Person;

/** The public API as this page uses it, with the cookie of the signed-in person. */
export interface Api {
  readonly client: Countersign;
  /** Undefined when nobody is signed in. */
  me(): Promise<Me | undefined>;
  enrolOptions(
    token: string,
  ): Promise<{ challengeId: string; name: string; options: PublicKeyCredentialCreationOptionsJSON }>;
  signInOptions(): Promise<{ challengeId: string; options: PublicKeyCredentialRequestOptionsJSON }>;
  addPasskeyOptions(): Promise<{ challengeId: string; options: PublicKeyCredentialCreationOptionsJSON }>;
}

export function createApi(): Api {
  const client = new Countersign({ baseUrl: location.origin });
  const { person } = client;
  return {
    client,
    async me() {
      try {
        return await person.me();
      } catch (error) {
        if (isSignedOut(error)) return undefined;
        throw error;
      }
    },
    async enrolOptions(token) {
      const begun = await person.enrolOptions<PublicKeyCredentialCreationOptionsJSON>(token);
      return { ...begun, name: begun.name ?? begun.options.user.displayName };
    },
    signInOptions: () => person.signInOptions(),
    addPasskeyOptions: () => person.addPasskeyOptions(),
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
