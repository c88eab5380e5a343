import type { Approval } from '../approvals/approval.ts';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Catalog } from '../downstream/catalog.ts';
import type { OfferedTool } from '../gate/offer.ts';
import { APPROVAL_WAIT } from '../gate/own-tools.ts';
import type { Session } from '../sessions/session.ts';
import { type AwaitDeps, awaitAnswer } from './await-answer.ts';
import { APPROVAL_STATUS_TOOL, withCard } from './card/card.ts';
import { tellHeld } from './pending.ts';
import type { Era } from './request.ts';

export const APPROVAL_WAIT_TOOL: JsonObject = {
  name: APPROVAL_WAIT,
  title: 'Wait for an approval',
  description:
    'Waits for a person to decide a call that returned status "pending_approval", and returns the real result of that call once it has run. ' +
    'Waits up to 25 seconds; if the answer still says pending_approval, call it again.',
  inputSchema: {
    type: 'object',
    properties: {
      approval_id: { type: 'string', description: 'The approval_id of the pending result, such as apr_…' },
    },
    required: ['approval_id'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
};

/** The text of a tools/list result, one per protocol era. */
export interface ToolListTexts {
  readonly legacy: string;
  readonly modern: string;
}

/** A schema whose properties are objects, as the revisions before 2026-07-28 want them: `true` and `false` have equals. */
function withObjectProperties(schema: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(schema) || !isJsonObject(schema.properties)) return schema;
  const properties = Object.entries(schema.properties).map(([name, property]): [string, JsonValue] => {
    if (typeof property !== 'boolean') return [name, property];
    return [name, property ? {} : { not: {} }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

/**
 * A definition as agents see it. A pending result is not of the declared shape, and clients reject what does not match
 * an `outputSchema`, so a tool that may be held has none. 2026-07-28 knows no `execution`; the revisions before it know
 * no `outputSchema` that is not an object's and no property that is a boolean, and their clients refuse a whole list for
 * one.
 */
function definitionFor(era: Era, { tool, mayBeHeld }: OfferedTool): JsonObject {
  const definition: JsonObject = { ...tool.definition, name: tool.exposed };
  const { outputSchema } = definition;
  const isReadable = era === 'modern' || (isJsonObject(outputSchema) && outputSchema.type === 'object');
  if (mayBeHeld || !isReadable) delete definition.outputSchema;
  if (era === 'modern') delete definition.execution;
  else {
    for (const name of ['inputSchema', 'outputSchema'] as const) {
      const schema = withObjectProperties(definition[name]);
      if (schema !== undefined) definition[name] = schema;
    }
  }
  return definition;
}

/** What the gateway adds for every client, and what for those that show cards. */
const OWN_TOOLS = [APPROVAL_WAIT_TOOL];
const OWN_TOOLS_WITH_CARDS = [withCard(APPROVAL_WAIT_TOOL), APPROVAL_STATUS_TOOL];

function toolListText(offered: readonly OfferedTool[], { era, cards }: { era: Era; cards: boolean }): string {
  const definitions = offered.map((one) => {
    const definition = definitionFor(era, one);
    return cards && one.mayBeHeld ? withCard(definition) : definition;
  });
  return JSON.stringify({ tools: [...definitions, ...(cards ? OWN_TOOLS_WITH_CARDS : OWN_TOOLS)] });
}

const CACHED_LISTS = 64;

/**
 * Serves tools/list from text that is made once for each (catalogue, policy, scope) and for clients with and without
 * cards: a thousand tools cost one look-up. Sessions with equal scopes share it.
 */
export function createToolLists(offer: (session: Session, catalog: Catalog) => OfferedTool[]) {
  const cache = new Map<string, ToolListTexts>();
  return (
    session: Session,
    catalog: Catalog,
    { policyVersion, cards }: { policyVersion: string; cards: boolean },
  ): ToolListTexts => {
    const key = `${cards}\n${catalog.version}\n${policyVersion}\n${session.scope.join('\n')}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const offered = offer(session, catalog);
    const texts = {
      legacy: toolListText(offered, { era: 'legacy', cards }),
      modern: toolListText(offered, { era: 'modern', cards }),
    };
    if (cache.size >= CACHED_LISTS) {
      const oldest = cache.keys().next().value;
      if (oldest !== undefined) cache.delete(oldest);
    }
    cache.set(key, texts);
    return texts;
  };
}

export interface WaitToolDeps extends AwaitDeps {
  readonly getApproval: (id: string) => Promise<Approval | undefined>;
  readonly publicOrigin: string;
}

/** An approval of this session. Those of other sessions do not exist here: throws `not_found`. */
export async function approvalOf(
  deps: Pick<WaitToolDeps, 'getApproval'>,
  session: Session,
  id: string,
): Promise<Approval> {
  const known = await deps.getApproval(id);
  if (known !== undefined && known.sessionId === session.id) return known;
  throw new CountersignError('not_found', `This session has no approval ${id.slice(0, 64)}.`);
}

/** The approval_wait tool, for the approvals of its own session. */
export async function callApprovalWait(
  deps: WaitToolDeps,
  input: {
    session: Session;
    args: JsonObject;
    onProgress?: ((progress: JsonObject) => void) | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<string> {
  const id = input.args.approval_id;
  if (typeof id !== 'string') {
    throw new CountersignError(
      'invalid_request',
      'approval_wait needs "approval_id", the id from the pending result (apr_…).',
    );
  }
  await approvalOf(deps, input.session, id);
  const approval = await awaitAnswer(deps, { ...input, id });
  return tellHeld(approval, { publicOrigin: deps.publicOrigin, now: deps.now() });
}
