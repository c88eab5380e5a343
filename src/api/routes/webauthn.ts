import { createRoute, z } from '@hono/zod-openapi';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { Person } from '../../principals/people/person.ts';
import { offerAddedPasskey, startAddingPasskey } from '../../principals/web/add-passkey.ts';
import { finishEnrolment, startEnrolment } from '../../principals/web/enrol.ts';
import { finishSignIn, signOut, startSignIn } from '../../principals/web/sign-in.ts';
import { clearedCookie, readSessionCookie, sessionCookie } from '../../principals/web/web-session.ts';
import { type Api, type ApiDeps, requireSignedIn } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';
import { answers, answersNothing, creates, jsonBody, OPEN } from '../openapi.ts';
import { showStatement } from '../statement-body.ts';
import { actStatementSchema } from './acts.ts';

const meSchema = z
  .object({ person: z.object({ id: z.string(), name: z.string(), groups: z.array(z.string()) }) })
  .openapi('Me');
const optionsSchema = z.object({
  challenge_id: z.string(),
  name: z.string().optional(),
  options: z.record(z.string(), z.any()),
});
const responseSchema = z.looseObject({
  id: z.string(),
  rawId: z.string(),
  type: z.string(),
  response: z.looseObject({}),
});

function me(person: Pick<Person, 'id' | 'name' | 'groups'>): z.infer<typeof meSchema> {
  return { person: { id: person.id, name: person.name, groups: [...person.groups] } };
}

export function addWebauthnRoutes(api: Api, deps: ApiDeps, streams: OpenStreams): void {
  const { party } = deps.principals;

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webauthn/enrol/options',
      tags: ['sign-in'],
      summary: 'Begin enrolling a passkey with an invite',
      security: OPEN,
      request: { body: jsonBody(z.strictObject({ token: z.string().max(200) })) },
      responses: answers(optionsSchema),
    }),
    async (c) => {
      const { challengeId, name, options } = await startEnrolment(deps.principals, c.req.valid('json'));
      return c.json({ challenge_id: challengeId, name, options: { ...options } }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webauthn/enrol/verify',
      tags: ['sign-in'],
      summary: 'Finish enrolling; signs the person in',
      security: OPEN,
      request: {
        body: jsonBody(
          z.strictObject({ token: z.string().max(200), challenge_id: z.string(), response: responseSchema }),
        ),
      },
      responses: creates(meSchema),
    }),
    async (c) => {
      const { token, challenge_id, response } = c.req.valid('json');
      const enrolled = await finishEnrolment(deps.principals, {
        token,
        challengeId: challenge_id,
        response: response as unknown as RegistrationResponseJSON,
      });
      deps.onEnrolled();
      c.header('set-cookie', sessionCookie(party, enrolled.webToken));
      return c.json(me(enrolled.person), 201);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webauthn/sign-in/options',
      tags: ['sign-in'],
      summary: 'Begin signing in',
      security: OPEN,
      request: { body: jsonBody(z.strictObject({})) },
      responses: answers(optionsSchema),
    }),
    async (c) => {
      const { challengeId, options } = await startSignIn(deps.principals);
      return c.json({ challenge_id: challengeId, options: { ...options } }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webauthn/sign-in/verify',
      tags: ['sign-in'],
      summary: 'Finish signing in',
      security: OPEN,
      request: { body: jsonBody(z.strictObject({ challenge_id: z.string(), response: responseSchema })) },
      responses: answers(meSchema),
    }),
    async (c) => {
      const { challenge_id, response } = c.req.valid('json');
      const signedIn = await finishSignIn(deps.principals, {
        challengeId: challenge_id,
        response: response as unknown as AuthenticationResponseJSON,
      });
      c.header('set-cookie', sessionCookie(party, signedIn.webToken));
      return c.json(me(signedIn.person), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webauthn/add-passkey/options',
      tags: ['sign-in'],
      summary: 'Begin making one more passkey for the person who is signed in',
      request: { body: jsonBody(z.strictObject({})) },
      responses: answers(optionsSchema),
    }),
    async (c) => {
      const by = requireSignedIn(c);
      const { challengeId, options } = await startAddingPasskey(deps.principals, by);
      return c.json({ challenge_id: challengeId, options: { ...options } }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webauthn/add-passkey/verify',
      tags: ['sign-in'],
      summary: 'Check the new passkey; gives the statement that another passkey must sign before it counts',
      request: { body: jsonBody(z.strictObject({ challenge_id: z.string(), response: responseSchema })) },
      responses: answers(actStatementSchema),
    }),
    async (c) => {
      const by = requireSignedIn(c);
      const { challenge_id, response } = c.req.valid('json');
      const offer = await offerAddedPasskey(deps.principals, {
        by,
        challengeId: challenge_id,
        response: response as unknown as RegistrationResponseJSON,
      });
      return c.json(await showStatement(deps, { offer, personId: by.id }), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webauthn/sign-out',
      tags: ['sign-in'],
      summary: 'Sign out',
      responses: answersNothing(),
    }),
    async (c) => {
      requireSignedIn(c);
      const token = readSessionCookie(party, c.req.header('cookie'));
      if (token !== undefined) await signOut(deps.principals, token);
      streams.recheck();
      c.header('set-cookie', clearedCookie(party));
      return c.body(null, 204);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/me',
      tags: ['sign-in'],
      summary: 'Who is signed in',
      responses: answers(meSchema),
    }),
    (c) => c.json(me(requireSignedIn(c)), 200),
  );
}
