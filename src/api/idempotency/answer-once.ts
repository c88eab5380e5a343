import type { Next } from 'hono';
import { sha256Hex } from '../../core/digest.ts';
import { CountersignError, type ErrorCode, isCountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { principalRef } from '../../principals/principal.ts';
import { isAmbiguousCommit } from '../../storage/database.ts';
import type { ApiContext, ApiDeps } from '../context.ts';
import { nameOf, openAnswer, sealAnswer } from './answer.ts';
import { findFirst, forgetKeys, type KeyOwner, keepAnswer, releaseKey, takeKey } from './store.ts';

const HEADER = 'idempotency-key';
const REPLAYED = 'idempotency-replayed';
const LINES_TYPE = 'application/x-ndjson';
const REVEALS = /^\/v1\/approvals\/[^/]+\/reveal$/;
const KEPT_HEADERS = ['content-type', 'location', 'retry-after'];
/** Refusals with a status of 500 and above that say for certain that nothing was done. */
const NOT_DONE: ReadonlySet<ErrorCode> = new Set([
  'shutting_down',
  'ledger_unavailable',
  'downstream_unavailable',
]);

function refuseKey(): never {
  const expected = `1 to ${LIMITS.idempotencyKeyCharacters} printable ASCII characters`;
  throw new CountersignError('invalid_request', `Idempotency-Key: expected ${expected}`, {
    fields: [{ field: 'Idempotency-Key', expected }],
  });
}

/** Answers that are never kept: streams, and what is told to one person at one moment and may be erased in the next. */
function isPassing(c: ApiContext): boolean {
  return c.res.headers.get('content-type') === LINES_TYPE || REVEALS.test(c.req.path);
}

/** Whether a refusal leaves nothing behind, so that the same key may be used again. */
function wasNotDone(c: ApiContext): boolean {
  if (c.res.status < 500) return true;
  return isCountersignError(c.error) && NOT_DONE.has(c.error.code) && !isAmbiguousCommit(c.error);
}

/**
 * Carries out a POST at most once for each `Idempotency-Key` of a caller (IETF draft idempotency-key-header): the key is
 * durable before anything is done, and a second request with it gets the first one's answer, for 24 h. Another request
 * under the key is refused with `idempotency_mismatch`; one that comes while the first is under way, or whose answer was
 * lost, with `conflict`. A refusal frees the key.
 */
export function createAnswerOnce(
  deps: ApiDeps,
): (c: ApiContext, next: Next) => Promise<Response | undefined> {
  const { database, ledger, now, workspace, answerSealing } = deps;
  const underWay = new Set<string>();

  function replay(c: ApiContext, owner: KeyOwner, sealed: string): Response {
    const answer = openAnswer(answerSealing, owner, sealed);
    if (answer === undefined) throw lost();
    const { status, headers, body } = answer;
    return c.body(body, status as 200, { ...headers, [REPLAYED]: 'true' });
  }

  async function answerSecond(c: ApiContext, owner: KeyOwner, digest: string): Promise<Response> {
    const first = await findFirst(database, owner);
    if (first !== undefined && first.digest !== digest) {
      const detail =
        'Idempotency-Key: it was used for a request with another path or body. Use a new key for this one.';
      throw new CountersignError('idempotency_mismatch', detail);
    }
    if (first?.sealedAnswer !== undefined) return replay(c, owner, first.sealedAnswer);
    if (first !== undefined && !underWay.has(nameOf(owner))) throw lost();
    c.header('retry-after', '1');
    throw new CountersignError(
      'conflict',
      'A request with this Idempotency-Key is under way. Ask again in a second.',
    );
  }

  async function keep(c: ApiContext, owner: KeyOwner): Promise<void> {
    // It can be asked for again without harm: it is neither kept nor waited for, and its key is free.
    const passing = isPassing(c);
    if (c.res.status >= 300 || passing) {
      if (passing || wasNotDone(c)) await ledger.commit({ then: [releaseKey(owner)], entries: [] });
      return;
    }
    const body = await c.res.clone().text();
    if (body.length > LIMITS.idempotencyAnswerCharacters) return;
    const headers = Object.fromEntries(
      KEPT_HEADERS.flatMap((name) => {
        const value = c.res.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    const sealed = sealAnswer(answerSealing, owner, { status: c.res.status, headers, body });
    await ledger.commit({ then: [keepAnswer(owner, sealed)], entries: [] });
  }

  return async (c, next) => {
    const key = c.req.header(HEADER);
    const principal = c.get('principal');
    if (key === undefined || c.req.method !== 'POST' || principal === undefined) {
      await next();
      return undefined;
    }
    if (!/^[\x20-\x7e]+$/.test(key) || key.length > LIMITS.idempotencyKeyCharacters) refuseKey();
    const owner = { workspace, principal: principalRef(principal), key };
    const { pathname, search } = new URL(c.req.url);
    const digest = sha256Hex(`POST ${pathname}${search}\n${await c.req.text()}`);
    const name = nameOf(owner);
    const at = now();
    const forgetBefore = at - LIMITS.idempotencyKeyMs;
    if (underWay.has(name)) return answerSecond(c, owner, digest);
    underWay.add(name);
    try {
      const taken = await ledger.commit({
        guard: takeKey(owner, { digest, now: at, forgetBefore }),
        then: [forgetKeys(forgetBefore)],
        entries: [],
      });
      if (taken.kind === 'refused') {
        underWay.delete(name);
        return await answerSecond(c, owner, digest);
      }
      await next();
      // The change is made and its answer goes out; a lost copy of that answer must not take it away.
      await keep(c, owner).catch((err: unknown) => deps.log.error({ err }, 'an answer could not be kept'));
      return undefined;
    } finally {
      underWay.delete(name);
    }
  };
}

function lost(): CountersignError {
  const detail =
    'A request with this Idempotency-Key was received, but its answer was not kept. It may have been carried out: ' +
    'look at what there is before you send it under a new key.';
  return new CountersignError('conflict', detail);
}
