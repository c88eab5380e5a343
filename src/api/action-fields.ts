import { z } from '@hono/zod-openapi';
import { canonicalize } from '../core/canonical.ts';
import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';

/** One line of text that people can read: no control, format or line-separating characters, no spaces around it. */
const READABLE = /^(?!\s)[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+(?<!\s)$/u;

const NAME_EXAMPLE = 'such as "deployment.execute"';
const RESOURCE_EXAMPLE = 'such as "service:billing-api"';
const ACTOR_EXAMPLE = 'such as "service-account:release-bot"';

/** A name without a slash, which stands between the server and the name of a tool. */
export const actionName = z
  .string()
  .max(LIMITS.actionNameCharacters)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/, `letters, digits, ".", "_", ":" and "-", ${NAME_EXAMPLE}`);

export const resourceName = z
  .string()
  .max(LIMITS.resourceCharacters)
  .regex(READABLE, `readable text on one line, ${RESOURCE_EXAMPLE}`);

export const actorName = z
  .string()
  .max(LIMITS.actorCharacters)
  .regex(READABLE, `readable text on one line, ${ACTOR_EXAMPLE}`);

export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 printable ASCII characters without spaces');

export const jsonObject = z.record(z.string(), z.unknown());

/** Throws `invalid_request` when what an action says of itself is too long to be read by a person. */
export function checkMetadata(field: string, metadata: JsonObject): JsonObject {
  if (Buffer.byteLength(canonicalize(metadata)) <= LIMITS.actionMetadataBytes) return metadata;
  const expected = `at most ${LIMITS.actionMetadataBytes} bytes of JSON`;
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}
