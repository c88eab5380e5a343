import { expect, test } from 'vitest';
import { bindDenial, proveDenial } from '../../src/api/denial-binding.ts';
import { systemNewId } from '../../src/core/ids.ts';
import { LIMITS } from '../../src/core/limits.ts';

const evaluation = {
  subject: { type: 'user', id: 'ann' },
  action: { name: 'read' },
  resource: { type: 'document', id: 'q4' },
};

function desk() {
  const clock = { at: Date.UTC(2026, 0, 5, 12) };
  const deps = {
    key: new Uint8Array(32).fill(7),
    origin: 'http://a',
    now: () => clock.at,
    newId: systemNewId,
  };
  const bind = () => bindDenial(deps, { evaluation, caller: 'api_key:key_1', evaluationId: 'req_1' });
  const prove = (token: string, expiresAt: number, change: Partial<typeof deps> = {}) =>
    proveDenial(
      { ...deps, ...change },
      {
        denial: { binding_token: token, expires_at: new Date(expiresAt).toISOString() },
        evaluation,
        caller: 'api_key:key_1',
      },
    );
  return { clock, bind, prove };
}

test('a denial is the ground of a request until it expires, and then no more', async () => {
  const { clock, bind, prove } = desk();
  const { token, expiresAt } = await bind();
  expect(expiresAt - clock.at).toBe(LIMITS.accessRequestTtlMs);
  clock.at = expiresAt - 1;
  expect(await prove(token, expiresAt)).toMatchObject({ evaluationId: 'req_1', members: [] });
  clock.at = expiresAt;
  await expect(prove(token, expiresAt)).rejects.toMatchObject({ code: 'expired' });
});

test('a denial of another gateway, or under another key, is none', async () => {
  const { bind, prove } = desk();
  const { token, expiresAt } = await bind();
  const none = { code: 'invalid_request', fields: [{ field: 'denial.binding_token' }] };
  await expect(prove(token, expiresAt, { origin: 'http://b' })).rejects.toMatchObject(none);
  await expect(prove(token, expiresAt, { key: new Uint8Array(32) })).rejects.toMatchObject(none);
});
