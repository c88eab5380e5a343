import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import { listPeople } from '../../principals/people/people.ts';
import type { Passkey } from '../../principals/people/person.ts';
import { removePasskey } from '../../principals/people/remove-passkey.ts';
import { removePerson } from '../../principals/people/remove-person.ts';
import { principalRef } from '../../principals/principal.ts';
import { addPasskey } from '../../principals/web/add-passkey.ts';
import { createInvite } from '../../principals/web/invite-person.ts';
import { endSessionsOf } from '../../sessions/oauth/end-removed.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';
import { answers, answersTagged, creates, idParam, wholeList } from '../openapi.ts';
import { signedBody, signedBy } from './acts.ts';

const passkeySchema = z
  .object({
    id: z.string(),
    created_at: z.string(),
    last_used_at: z.string().nullable(),
    suspect_at: z.string().nullable(),
    device_type: z.string(),
    attestation: z.string(),
    aaguid: z.string(),
  })
  .openapi('Passkey');

const personSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    groups: z.array(z.string()),
    subject: z.string().nullable(),
    created_at: z.string(),
    passkeys: z.array(passkeySchema),
  })
  .openapi('Approver');

const removed = z.object({ id: z.string(), removed: z.literal(true) });
const passkeyParam = idParam.extend({ passkey: z.string().min(1).max(100) });

function timeOrNull(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : toRfc3339(epochMs);
}

function showPasskey(passkey: Passkey): z.infer<typeof passkeySchema> {
  return {
    id: passkey.id,
    created_at: toRfc3339(passkey.createdAt),
    last_used_at: timeOrNull(passkey.lastUsedAt),
    suspect_at: timeOrNull(passkey.suspectAt),
    device_type: passkey.deviceType,
    attestation: passkey.attestation,
    aaguid: passkey.aaguid,
  };
}

export function addApproverRoutes(api: Api, deps: ApiDeps, streams: OpenStreams): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvers/invites',
      tags: ['approvers'],
      summary: 'Invite a person, as a signed statement says; the link’s secret stays with who made it',
      request: { body: signedBody },
      responses: creates(z.object({ id: z.string(), expires_at: z.string() }).openapi('Invite')),
    }),
    async (c) => {
      const invite = await createInvite(deps.principals, signedBy(c, c.req.valid('json')));
      return c.json({ id: invite.id, expires_at: toRfc3339(invite.expiresAt) }, 201);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvers',
      tags: ['approvers'],
      summary: 'The people who can decide',
      ...answersTagged(wholeList(personSchema)),
    }),
    async (c) => {
      requireAny(c);
      const people = await listPeople(deps.principals);
      const data = people.map((person) => ({
        id: person.id,
        name: person.name,
        groups: [...person.groups],
        subject: person.subject ?? null,
        created_at: toRfc3339(person.createdAt),
        passkeys: person.passkeys.map(showPasskey),
      }));
      return c.json({ data, next_cursor: null, has_more: false as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvers/{id}/remove',
      tags: ['approvers'],
      summary: 'Remove a person, as a signed statement says',
      request: { params: idParam, body: signedBody },
      responses: answers(removed),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const act = signedBy(c, c.req.valid('json'));
      await removePerson(deps.principals, { ...act, personId: id });
      streams.recheck();
      await endSessionsOf(deps.oauth, { person: `person:${id}`, by: principalRef(act.by) });
      return c.json({ id, removed: true as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvers/{id}/passkeys',
      tags: ['approvers'],
      summary: 'Add a passkey, as a statement says that another passkey of the person signed',
      request: { params: idParam, body: signedBody },
      responses: creates(passkeySchema),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const signed = signedBy(c, c.req.valid('json'));
      return c.json(showPasskey(await addPasskey(deps.principals, { ...signed, personId: id })), 201);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvers/{id}/passkeys/{passkey}/remove',
      tags: ['approvers'],
      summary: 'Remove a passkey, as a signed statement says',
      request: { params: passkeyParam, body: signedBody },
      responses: answers(removed),
    }),
    async (c) => {
      const { id, passkey } = c.req.valid('param');
      const signed = signedBy(c, c.req.valid('json'));
      await removePasskey(deps.principals, { ...signed, personId: id, passkeyId: passkey });
      streams.recheck();
      return c.json({ id: passkey, removed: true as const }, 200);
    },
  );
}
