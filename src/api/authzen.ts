import { z } from '@hono/zod-openapi';
import { canonicalize } from '../core/canonical.ts';
import { sha256 } from '../core/digest.ts';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { JudgedAction } from '../gate/judge-action.ts';
import { actionName, actorName, checkMetadata, jsonObject, resourceName } from './action-fields.ts';

/** Subject and resource of the AuthZEN Authorization API 1.0, §5.1 and §5.2. */
const entity = z.strictObject({
  type: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,59}$/, 'letters, digits, "_", "." and "-", such as "user"'),
  id: z.string().min(1),
  properties: jsonObject.optional(),
});

/** An access evaluation request, §6.1. */
export const evaluationFields = {
  subject: entity,
  action: z.strictObject({ name: actionName, properties: jsonObject.optional() }),
  resource: entity,
  context: jsonObject.optional(),
};

export interface Evaluation {
  readonly subject: z.infer<typeof entity>;
  readonly action: z.infer<typeof evaluationFields.action>;
  readonly resource: z.infer<typeof entity>;
  readonly context?: Record<string, unknown> | undefined;
}

/** Members of a context that tell nothing about the action: what the profile itself puts there, and the caller's clock. */
const MACHINERY = new Set(['access_request', 'approval', 'evaluated_at', 'evaluation_id', 'reason', 'time']);
const PROPERTIES = { subject: 'subject_properties', resource: 'resource_properties' } as const;

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

function named(field: 'subject' | 'resource', { type, id }: z.infer<typeof entity>): string {
  const text = `${type}:${id}`;
  const parsed = (field === 'subject' ? actorName : resourceName).safeParse(text);
  return parsed.success ? text : refuse(`${field}.id`, parsed.error.issues[0]?.message ?? 'readable text');
}

/** The names of those members of a context that bear on the decision, in order. */
export function relevantMembers(context: Readonly<Record<string, unknown>> | undefined): string[] {
  return Object.keys(context ?? {})
    .filter((member) => !MACHINERY.has(member))
    .sort();
}

function pick(context: JsonObject, members: readonly string[]): JsonObject {
  const present = members.flatMap((member) => {
    const value = context[member];
    return value === undefined ? [] : [[member, value] as const];
  });
  return Object.fromEntries(present);
}

/**
 * An evaluation in the words of policy: the actor is `type:id` of the subject, the resource `type:id`, the arguments are
 * the action's properties, and the metadata is the context with the properties of subject and resource beside it.
 */
export function actionOf(evaluation: Evaluation): Omit<JudgedAction, 'requester'> {
  const { subject, action, resource } = evaluation;
  const context = (evaluation.context ?? {}) as JsonObject;
  const clash = Object.values(PROPERTIES).find((member) => context[member] !== undefined);
  if (clash !== undefined) refuse(`context.${clash}`, 'no such member; say it in the properties');
  const metadata = {
    ...pick(context, relevantMembers(context)),
    ...(subject.properties === undefined ? {} : { [PROPERTIES.subject]: subject.properties as JsonObject }),
    ...(resource.properties === undefined
      ? {}
      : { [PROPERTIES.resource]: resource.properties as JsonObject }),
  };
  return {
    actor: named('subject', subject),
    name: action.name,
    resource: named('resource', resource),
    risk: '',
    args: (action.properties ?? {}) as JsonObject,
    metadata: checkMetadata('context', metadata),
  };
}

/**
 * The digest that binds a later request to the evaluation that was denied: SHA-256 in base64url over the RFC 8785 text of
 * subject, resource, action and those members of the context (Access Request and Approval Profile, Denial Binding Claims).
 */
export function bindingHash(evaluation: Evaluation, members: readonly string[]): string {
  const { subject, resource, action } = evaluation;
  const { act: _actor, ...properties } = (subject.properties ?? {}) as JsonObject;
  const bound = {
    subject: { ...subject, ...(subject.properties === undefined ? {} : { properties }) } as JsonObject,
    resource: resource as JsonObject,
    action: action as JsonObject,
    context: pick((evaluation.context ?? {}) as JsonObject, members),
  };
  return Buffer.from(sha256(canonicalize(bound))).toString('base64url');
}

/** The approval that a context names, to be evaluated anew: its id, or undefined when it names none. */
export function approvalIn(context: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const approval = context?.approval;
  if (approval === undefined) return undefined;
  const id = isJsonObject(approval as JsonObject) ? (approval as JsonObject).id : undefined;
  if (typeof id === 'string') return id;
  return refuse('context.approval', 'the approval object of a completed task, unchanged');
}
