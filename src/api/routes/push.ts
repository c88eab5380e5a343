import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Device } from '../../notifications/push/device.ts';
import { addDevice, listDevices, removeDevice, tryDevice } from '../../notifications/push/manage.ts';
import type { DeviceDeps } from '../../notifications/push/ports.ts';
import { type Api, type ApiContext, type ApiDeps, requireSignedIn } from '../context.ts';
import { answers, creates, idParam, jsonBody, wholeList } from '../openapi.ts';
import { trialBody, trialSchema } from '../trial-body.ts';

const deviceSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    created_at: z.string(),
    told_at: z.string().nullable(),
    last_error: z.string().nullable(),
  })
  .openapi('PushDevice');

function deviceBody(device: Device): z.infer<typeof deviceSchema> {
  const { id, name, createdAt, toldAt, lastError = null } = device;
  return {
    id,
    name,
    created_at: toRfc3339(createdAt),
    told_at: toldAt === undefined ? null : toRfc3339(toldAt),
    last_error: lastError,
  };
}

/** Longer than any that is right, so that what is wrong is told by its own rule. */
const keySchema = z.string().max(200);

/** Web Push to the own browsers of whoever is signed in. */
export function addPushRoutes(api: Api, { devices }: ApiDeps): void {
  /** Throws `unauthenticated`, `forbidden`, and `conflict` where Web Push is switched off. */
  function own(c: ApiContext): { deps: DeviceDeps; person: string } {
    const { id: person } = requireSignedIn(c);
    if (devices !== undefined) return { deps: devices, person };
    const message =
      'Web Push is switched off on this gateway. Its operator takes "push: false" out of "channels" in the configuration to switch it on.';
    throw new CountersignError('conflict', message);
  }

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/push',
      tags: ['push'],
      summary: 'The key that browsers subscribe with (applicationServerKey)',
      responses: answers(z.object({ public_key: z.string() }).openapi('PushKey')),
    }),
    (c) => c.json({ public_key: own(c).deps.vapid.publicKey }, 200),
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/push/devices',
      tags: ['push'],
      summary: 'List your devices, oldest first',
      responses: answers(wholeList(deviceSchema)),
    }),
    async (c) => {
      const { deps, person } = own(c);
      const data = (await listDevices(deps, person)).map(deviceBody);
      return c.json({ data, next_cursor: null, has_more: false as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/push/devices',
      tags: ['push'],
      summary: 'Add a device by its push subscription; the same endpoint again keeps its id',
      request: {
        body: jsonBody(
          z.strictObject({
            name: z.string().min(1).max(LIMITS.pushDeviceNameCharacters),
            endpoint: z.string().min(1).max(LIMITS.pushEndpointCharacters),
            keys: z.strictObject({ p256dh: keySchema, auth: keySchema }),
          }),
        ),
      },
      responses: creates(deviceSchema),
    }),
    async (c) => {
      const { deps, person } = own(c);
      const device = await addDevice(deps, { ...c.req.valid('json'), person });
      return c.json(deviceBody(device), 201);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/push/devices/{id}/remove',
      tags: ['push'],
      summary: 'Forget a device, with what is on its way to it',
      request: { params: idParam, body: jsonBody(z.strictObject({})) },
      responses: answers(deviceSchema),
    }),
    async (c) => {
      const { deps, person } = own(c);
      const { id } = c.req.valid('param');
      return c.json(deviceBody(await removeDevice(deps, { id, person })), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/push/devices/{id}/test',
      tags: ['push'],
      summary: 'Send a message that tells of nothing at once, and say what came back',
      request: { params: idParam, body: jsonBody(z.strictObject({})) },
      responses: answers(trialSchema),
    }),
    async (c) => {
      const { deps, person } = own(c);
      const { id } = c.req.valid('param');
      return c.json(trialBody(await tryDevice(deps, { id, person })), 200);
    },
  );
}
