import type { Approval } from '../approvals/approval.ts';
import type { Spent } from '../approvals/replay.ts';
import { CountersignError } from '../core/errors.ts';
import { type Capability, GATEWAY } from './capability.ts';
import type { CapabilityDeps } from './deps.ts';
import { capabilityOf, spendCapability, unspentCapability } from './store.ts';
import { type Binding, type Reverified, tokenClaims } from './token.ts';

/** A signed token and what is kept of it. Nobody may have it before the transaction that it belongs to is durable. */
export interface MintedToken {
  readonly token: string;
  readonly jti: string;
  readonly kid: string;
  readonly jkt: string | undefined;
  /** Epoch milliseconds; a whole second. */
  readonly expiresAt: number;
  /** Whole seconds that it lasts. */
  readonly lastsSeconds: number;
  readonly bound: boolean;
}

/** Who spends a capability, and the token that leaves the gateway for it, if one does. */
export interface Spending {
  readonly holder: string;
  readonly token?: { readonly aud: string; readonly binding: Binding | undefined } | undefined;
}

async function mintToken(
  deps: CapabilityDeps,
  input: {
    capability: Capability;
    approval: Approval;
    verified: Reverified;
    aud: string;
    binding: Binding | undefined;
  },
): Promise<MintedToken> {
  const jti = deps.newId('tok');
  const claims = tokenClaims({ ...input, issuer: deps.issuer, log: deps.log, jti, now: deps.now() });
  const { token, kid } = await deps.keys.sign(claims);
  return {
    token,
    jti,
    kid,
    jkt: input.binding?.jkt,
    expiresAt: claims.exp * 1_000,
    lastsSeconds: claims.exp - claims.iat,
    bound: input.binding?.proven === true,
  };
}

/**
 * Throws unless row, capability and ledger speak of one and the same call, holder, end and terms: rows can be changed
 * by whoever writes to the database, what was signed cannot.
 */
function refuseMismatch(capability: Capability, approval: Approval, verified: Reverified): void {
  const { commit } = approval.action;
  if (capability.digest !== commit || verified.action !== commit)
    throw new CountersignError(
      'forbidden',
      'The stored call is not the one that the ledger says was approved.',
    );
  const { subject, released } = verified;
  const { holder, dpop, expiresAt } = released;
  const agree =
    capability.holder === holder &&
    capability.dpop === dpop &&
    capability.expiresAt === expiresAt &&
    approval.subject === subject;
  if (agree) return;
  throw new CountersignError(
    'forbidden',
    'The stored capability is not the one that the ledger says was released.',
  );
}

/**
 * The spending of an approval's capability: rows, entries and a condition for the transaction of the claim, so that
 * whoever claims has spent it, and nobody spends it twice. The approval is proven from the ledger anew; nobody can say
 * that it was given. Throws `forbidden` for another holder or an approval that the ledger does not prove, and
 * `invalid_request` for the field `DPoP` when the rule asks for a proof of a key and there is none.
 */
export async function spendFor(
  deps: CapabilityDeps,
  approval: Approval,
  spending: Spending,
): Promise<Spent & { readonly minted: MintedToken | undefined }> {
  const { holder, token: wanted } = spending;
  const capability = await capabilityOf(deps.database, approval.id);
  if (capability === undefined)
    throw new CountersignError('conflict', `No capability was released for ${approval.id}.`);
  if (capability.holder !== holder)
    throw new CountersignError(
      'forbidden',
      `Only ${capability.holder} may use the capability of ${approval.id}.`,
    );
  if (capability.dpop && holder !== GATEWAY && wanted?.binding?.proven !== true) {
    const expected = 'a proof of your key (RFC 9449), which the rule asks for';
    throw new CountersignError('invalid_request', `DPoP: expected ${expected}`, {
      fields: [{ field: 'DPoP', expected }],
    });
  }
  const verified = await deps.reverify(approval.id);
  refuseMismatch(capability, approval, verified);
  const minted =
    wanted === undefined ? undefined : await mintToken(deps, { capability, approval, verified, ...wanted });
  const sealed =
    minted &&
    deps.seal({
      id: capability.id,
      subject: approval.subject,
      text: minted.token,
      retainMs: approval.verdict.retainMs,
    });
  const now = deps.now();
  return {
    minted,
    ...(minted === undefined ? {} : { token: minted.token }),
    condition: unspentCapability({ approvalId: approval.id, now }),
    then: [
      spendCapability({ id: capability.id, at: now, token: minted }),
      ...(sealed === undefined ? [] : [sealed.sidecar]),
    ],
    entries: [
      {
        type: 'capability.exchanged',
        ref: {
          approval: approval.id,
          ...(approval.sessionId === undefined ? {} : { session: approval.sessionId }),
          subject: approval.subject,
          ...(holder === GATEWAY ? {} : { principal: holder }),
        },
        body: {
          capability: capability.id,
          holder,
          ...(minted === undefined || sealed === undefined
            ? {}
            : {
                jti: minted.jti,
                kid: minted.kid,
                ...(minted.jkt === undefined ? {} : { jkt: minted.jkt }),
                token: sealed.commit,
                token_expires_at: minted.expiresAt,
              }),
        },
      },
    ],
  };
}

/**
 * The same for a tool call, which the gateway itself replays. `audience` is the address of a server that wants to see
 * the capability; undefined for one that does not.
 */
export function spendInternally(
  deps: CapabilityDeps & { readonly audience: (server: string) => string | undefined },
  approval: Approval,
): Promise<Spent> {
  const aud = deps.audience(approval.call.server);
  return spendFor(deps, approval, {
    holder: GATEWAY,
    token: aud === undefined ? undefined : { aud, binding: undefined },
  });
}
