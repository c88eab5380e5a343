import { startRegistration } from '@simplewebauthn/browser';
import type { ComponentChildren } from 'preact';
import { systemClock } from '../../core/clock.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ActRequest, SignedAct } from '../../sdk/acts.ts';
import type { Statement } from '../../sdk/statement.ts';
import type { Api, Me } from './api.ts';
import { isMadeHere } from './model/new-passkey.ts';
import { paramsOf, verifyAct } from './model/verify-act.ts';
import { signStatement } from './sign-statement.ts';

/** A change of who may act here, ready to be shown and signed. */
export interface AskedAct {
  /** What happens, in one sentence for the person who signs. */
  readonly sentence: string;
  /** What else there is to know before signing; it is not signed. */
  readonly aside?: ComponentChildren;
  readonly act: string;
  /** Exactly what the statement must name. */
  readonly params: JsonObject;
  readonly statement: () => Promise<Statement>;
  readonly carryOut: (signed: SignedAct) => Promise<unknown>;
}

/** An act that the gateway is asked for as it is shown. */
export function askedAct(
  api: Api,
  request: ActRequest,
  rest: Pick<AskedAct, 'sentence' | 'aside' | 'carryOut'>,
): AskedAct {
  return {
    ...rest,
    act: request.act,
    params: request.params as unknown as JsonObject,
    statement: () => api.client.acts.statement(request),
  };
}

/**
 * Asks for the statement, checks it against what is shown, has the passkey sign the challenge computed here, and has
 * the act carried out. Throws a `Refusal` when anything differs; then the passkey was never asked.
 */
export async function signAct(asked: AskedAct, me: Me): Promise<void> {
  const statement = await asked.statement();
  const { act, params } = asked;
  const shown = { act, params, personId: me.id, hostname: location.hostname, now: systemClock() };
  const assertion = await signStatement(statement, () => verifyAct(statement, shown));
  await asked.carryOut({ statementId: statement.statementId, assertion });
}

/**
 * Has this device make one more passkey, and gives the act that another passkey of the same person must sign. Throws
 * an `Error` when the gateway names another passkey than the one that was made here.
 */
export async function makePasskey(api: Api, me: Me): Promise<AskedAct> {
  const { challengeId, options } = await api.addPasskeyOptions();
  const response = await startRegistration({ optionsJSON: options });
  const statement = await api.client.person.offerPasskey({ challengeId, response });
  const { credential_id, public_key } = paramsOf(statement);
  const made = { credentialId: credential_id, publicKey: public_key };
  if (!isMadeHere(response.response.authenticatorData ?? '', made)) {
    throw new Error(
      'The gateway named another passkey than the one that this device has just made. Nothing was signed; tell the operator of this gateway.',
    );
  }
  return {
    sentence: 'Add a passkey to your own. Whoever holds it decides as you.',
    act: 'passkey.add',
    params: { person: me.id, credential_id: response.id, public_key: public_key ?? null },
    statement: async () => statement,
    carryOut: (signed) => api.client.acts.addPasskey(me.id, signed),
  };
}
