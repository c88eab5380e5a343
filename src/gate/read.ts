import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { CatalogItem } from '../downstream/catalog.ts';
import type { Session } from '../sessions/session.ts';
import type { GateDeps, GateOutcome } from './call.ts';
import { forwardRequest } from './forward.ts';
import { identify } from './identify.ts';
import { judge } from './judge.ts';
import { narrow } from './narrow.ts';
import { unknownPrompt, unknownResource } from './resolve.ts';

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
  },
): Promise<GateOutcome> {
  const { session, kind, item } = input;
  identify(deps, session);
  narrow(session, { kind, server: item.server, name: item.name }, () =>
    kind === 'resource' ? unknownResource(item.name) : unknownPrompt(item.name),
  );
  const args = input.params.arguments;
  const judgedArgs = typeof args === 'object' && args !== null && !Array.isArray(args) ? args : {};
  const verdict = judge(deps, session, { kind, server: item.server, name: item.name, args: judgedArgs });
  if (verdict.effect !== 'allow') {
    await deps.ledger.commit({
      entries: [
        {
          type: 'call.denied',
          ref: {
            session: session.id,
            subject: session.subject,
            action: `${kind}:${item.server}/${item.name}`,
          },
          body: {
            rule: verdict.decidedBy?.rule ?? null,
            effect: verdict.effect,
            policy: verdict.policyVersion,
          },
        },
      ],
    });
    const why =
      verdict.effect === 'hold'
        ? `nobody can be asked about a ${kind}, so policy must allow it by a rule, and none does`
        : `policy denies it (${verdict.reason})`;
    throw new CountersignError(
      'denied_by_policy',
      `The ${kind} ${item.name} was not read: ${why}. An operator can allow it in the policy.`,
    );
  }
  return forwardRequest(deps, {
    session,
    server: item.server,
    method: input.method,
    action: `${kind}:${item.server}/${item.name}`,
    params: input.params,
    meta: input.meta,
    onProgress: input.onProgress,
    signal: input.signal,
  });
}
