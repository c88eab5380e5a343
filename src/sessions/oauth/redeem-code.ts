import { equalSecrets, sha256, sha256Hex } from '../../core/digest.ts';
import { draftSession } from '../mint.ts';
import { mintedBody } from '../session.ts';
import { insertSession } from '../store.ts';
import type { OauthDeps } from './deps.ts';
import { endReused } from './end-reused.ts';
import { accessEnd, type ConnectedTokens, refuseGrant, requireThisResource } from './grant.ts';
import { isOauthSecret, oauthSecret, SECRET_BYTES } from './secret.ts';
import { codeByHash, dropStaleRefresh, insertRefresh, replaceToken, spendCode } from './store.ts';

const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/**
 * Redeems a code that a person's consent gave (RFC 6749 §4.1.3, RFC 7636 §4.6): mints the session in the transaction
 * that spends the code. Bound to the client, to the very redirect URI and to the verifier. A code that comes a second time
 * ends the session that it gave (RFC 6749 §10.5). Throws `not_found` for any of that, `invalid_request` naming `resource`.
 */
export async function redeemCode(
  deps: OauthDeps,
  asked: {
    code: string;
    clientId: string;
    redirectUri: string;
    verifier: string;
    resource: string | undefined;
  },
): Promise<ConnectedTokens> {
  requireThisResource(deps, asked.resource);
  if (!isOauthSecret('code', asked.code)) throw refuseGrant('code');
  const hash = sha256Hex(asked.code);
  const code = await codeByHash(deps.database, { hash, workspace: deps.workspace });
  if (code === undefined) throw refuseGrant('code');
  if (code.sessionId !== undefined) await endReused(deps, { sessionId: code.sessionId, what: 'code' });
  const challenge = Buffer.from(sha256(asked.verifier)).toString('base64url');
  const belongs =
    code.clientId === asked.clientId &&
    code.redirectUri === asked.redirectUri &&
    VERIFIER.test(asked.verifier) &&
    equalSecrets(challenge, code.challenge);
  const now = deps.now();
  if (!belongs || code.usedAt !== undefined || now >= code.expiresAt) throw refuseGrant('code');

  const { subject, tools, labels } = code.terms;
  const minted = { subject, tools: [...tools], labels, ttlMs: code.until - now };
  const session = draftSession(deps, minted, `person:${code.personId}`);
  const accessToken = oauthSecret('access', deps.random(SECRET_BYTES));
  const refreshToken = oauthSecret('refresh', deps.random(SECRET_BYTES));
  const accessHash = sha256Hex(accessToken);
  const until = accessEnd(session, now);
  const applied = await deps.ledger.commit({
    guard: spendCode({ hash, sessionId: session.id, now }),
    then: [
      insertSession(session, accessHash),
      replaceToken({ sessionId: session.id, hash: accessHash, until }),
      insertRefresh({
        hash: sha256Hex(refreshToken),
        workspace: deps.workspace,
        sessionId: session.id,
        clientId: code.clientId,
        personId: code.personId,
        now,
        until: session.expiresAt,
      }),
      dropStaleRefresh(now),
    ],
    entries: [
      {
        type: 'session.minted',
        ref: { session: session.id, subject, principal: session.mintedBy },
        body: { ...mintedBody(session), client: code.client },
      },
    ],
  });
  if (applied.kind === 'refused') {
    const spent = await codeByHash(deps.database, { hash, workspace: deps.workspace });
    if (spent?.sessionId !== undefined) await endReused(deps, { sessionId: spent.sessionId, what: 'code' });
    throw refuseGrant('code');
  }
  const expiresInSeconds = Math.floor((until - now) / 1_000);
  return { session: session.id, accessToken, refreshToken, expiresInSeconds };
}
