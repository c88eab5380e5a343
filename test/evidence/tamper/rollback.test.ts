import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Copy, Running } from './copy.ts';
import { playScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

/** Spends the right of yesterday's approval, and stops. Gives the token and the newest head, as somebody keeps it. */
async function spendToday(copy: Copy): Promise<{ token: string; head: string }> {
  const running = await copy.start();
  const { body } = await running.exchange(scene.requesterKey, scene.ids.ready);
  const lines = (await running.export()).trimEnd().split('\n');
  await running.close();
  return { token: body.access_token, head: JSON.parse(lines.at(-2) ?? '').checkpoint };
}

const expiryOf = async (running: Running): Promise<number> =>
  Date.parse((await running.api('GET', `/v1/approvals/${scene.ids.ready}`)).body.expires_at);

describe('yesterday’s backup', () => {
  it('of the database alone does not start: the kept head is newer', async () => {
    const [yesterday, copy] = [scene.copy(), scene.copy()];
    await spendToday(copy);
    for (const name of readdirSync(copy.dataDir).filter((file) => file.startsWith('countersign.db')))
      rmSync(join(copy.dataDir, name));
    for (const name of readdirSync(yesterday.dataDir).filter((file) => file.startsWith('countersign.db')))
      cpSync(join(yesterday.dataDir, name), join(copy.dataDir, name));
    expect(await copy.startRefusal()).toMatch(/an older copy of the database stands in its place/);
  });

  it('of the whole folder lets an unspent right be spent again while it lasts, and a later head shows it', async () => {
    const today = await spendToday(scene.copy());
    const restored = scene.copy();
    const running = await restored.start();
    const again = await running.exchange(scene.requesterKey, scene.ids.ready);
    expect(again.status).toBe(200);
    for (const token of [today.token, again.body.access_token]) {
      const { iat = 0, exp = 0 } = decodeJwt(token);
      expect(exp - iat).toBeLessThanOrEqual(120);
      expect(exp).toBeLessThanOrEqual(Math.ceil((await expiryOf(running)) / 1_000));
    }
    const text = await running.export();
    expect(await restored.refusal(text)).toBe('');
    expect(await restored.refusal(text, { older: today.head })).toMatch(/by rule 1: /);
  });

  it('does not know the token that was made since: asked about it, it says no', async () => {
    const today = await spendToday(scene.copy());
    const running = await scene.copy().start();
    const response = await fetch(`${running.origin}/oauth/introspect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${scene.requesterKey}` },
      body: new URLSearchParams({ token: today.token }),
    });
    expect(await response.json()).toEqual({ active: false });
  });

  it('brings nothing back whose time is over, whatever it says of it', async () => {
    const restored = scene.copy();
    const running = await restored.start();
    const path = `/v1/approvals/${scene.ids.brief}`;
    await expect
      .poll(async () => (await running.api('GET', path)).body.state, { timeout: 10_000 })
      .toBe('expired');
    const { status, body } = await running.exchange(scene.requesterKey, scene.ids.brief);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
  });
});
