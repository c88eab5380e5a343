import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sha256Hex } from '../../../src/core/digest.ts';
import { mcpAccess } from '../../../src/sessions/session.ts';
import { connectV2 } from '../../support/agents.ts';
import { tamper } from './attacker.ts';
import { playScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

describe('who writes to the database gives themselves a session', () => {
  it('which calls what policy allows and decides nothing: what it asks for has no session on the ledger', async () => {
    const copy = scene.copy();
    const kept = JSON.parse(readFileSync(join(copy.dataDir, 'session.json'), 'utf8')).token as string;
    const token = `${kept.slice(0, -4)}AAAA`;
    tamper(copy, (attacker) => {
      const row = attacker.sql('SELECT * FROM session WHERE id = ?', scene.ids.session)[0];
      const forged = { ...row, id: 'ses_forged', token_hash: sha256Hex(token), subject: 'mallory' };
      attacker.sql(
        `INSERT INTO session (${Object.keys(forged).join(', ')}) VALUES (${Object.keys(forged)
          .map(() => '?')
          .join(', ')})`,
        ...Object.values(forged),
      );
    });
    const running = await copy.start();
    const agent = await connectV2(mcpAccess(running.origin, token), 'modern');
    onTestFinished(() => agent.close());
    await agent.callTool({ name: 'echo', arguments: { text: 'x' } });
    expect(copy.received()).toHaveLength(1);
    const before = await running.export();
    expect(before).toContain('"session":"ses_forged"');
    expect(await copy.refusal(before)).toBe('');

    await agent.callTool({ name: 'pay', arguments: { amount_cents: 1, to: 'mallory' } });
    expect(await copy.refusal(await running.export())).toMatch(
      /\(approval\.requested\) by rule 9: session:ses_forged does not exist at this point/,
    );
    expect(copy.received()).toHaveLength(1);
  });
});
