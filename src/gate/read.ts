import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { CatalogItem } from '../downstream/catalog.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { Session } from '../sessions/session.ts';
import type { CallClient, CallRetry, GateDeps, GateOutcome } from './call.ts';
import { forwardRequest } from './forward.ts';
import { identify } from './identify.ts';
import { judge } from './judge.ts';
import { narrow } from './narrow.ts';
import { unknownPrompt, unknownResource } from './resolve.ts';
import { verdictBody } from './verdict-body.ts';

/**
 * The path of resources/read, prompts/get and completion/complete: the steps of a tool call, except that there is no
 * one to ask; what policy would hold is denied, with words that say so.
 */
export async function readThrough(
  deps: GateDeps,
  input: {
    session: Session;
    kind: 'resource' | 'prompt';
    item: CatalogItem;
    method: string;
    params: JsonObject;
    /** `_meta` members that may go downstream. */
    meta?: JsonObject | undefined;
    onProgress?: ((progress: JsonObject) => void) | undefined;
    signal?: AbortSignal | undefined;
    client?: CallClient | undefined;
    retry?: CallRetry | undefined;
  },
): Promise<GateOutcome> {
  const { session, kind, item } = input;
  const args = isJsonObject(input.params.arguments) ? input.params.arguments : {};
  const verdict = await requireRead(deps, { session, kind, item, args });
  return forwardRequest(deps, {
    session,
    server: item.server,
    method: input.method,
    action: actionOf(kind, item),
    verdict,
    params: input.params,
    meta: input.meta,
    onProgress: input.onProgress,
    signal: input.signal,
    client: input.client,
    retry: input.retry,
  });
}

/** What the ledger calls something that is read. */
export function actionOf(kind: ReadTarget['kind'], { server, name }: CatalogItem): string {
  return `${kind}:${server}/${name}`;
}

export interface ReadTarget {
  readonly session: Session;
  readonly kind: 'resource' | 'prompt';
  readonly item: CatalogItem;
  readonly args: JsonObject;
}

/**
 * The verdict by which the session may read this now. Throws `not_found` outside its scope, and `denied_by_policy`, after that
 * is on the ledger.
 */
export async function requireRead(
  deps: GateDeps,
  { session, kind, item, args }: ReadTarget,
): Promise<Verdict> {
  identify(deps, session);
  narrow(session, { kind, server: item.server, name: item.name }, () =>
    kind === 'resource' ? unknownResource(item.name) : unknownPrompt(item.name),
  );
  const verdict = judge(deps, session, { kind, server: item.server, name: item.name, args });
  if (verdict.effect === 'allow') return verdict;
  const ref = { session: session.id, subject: session.subject, action: actionOf(kind, item) };
  const body = { ...verdictBody(verdict), effect: verdict.effect };
  await deps.ledger.commit({ entries: [{ type: 'call.denied', ref, body }] });
  const why =
    verdict.effect === 'hold'
      ? `nobody can be asked about a ${kind}, so policy must allow it by a rule, and none does`
      : `policy denies it (${verdict.reason})`;
  throw new CountersignError(
    'denied_by_policy',
    `The ${kind} ${item.name} was not read: ${why}. An operator can allow it in the policy.`,
  );
}
