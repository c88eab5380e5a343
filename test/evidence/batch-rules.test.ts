import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { approve, decide } from './support/approvals.ts';
import { robot } from './support/good-log.ts';
import { LOG } from './support/scribe.ts';
import { pendingStage } from './support/stage.ts';
import { bothAccept, bothRefuse } from './support/verify.ts';

const OTHER = 'ab'.repeat(32);
const batchOf = (digest: string, change: JsonObject = {}): JsonObject => ({
  typ: 'batch-statement/v1',
  log: LOG,
  approver: 'person:per_bob',
  statements: [OTHER, digest],
  ...change,
});

it('a decision holds whose statement is listed by a batch that its approver signed', async () => {
  const stage = pendingStage();
  decide(stage.scribe, stage.asked, stage.cast.bob, { batch: (digest) => batchOf(digest) });
  approve(stage.scribe, stage.asked);
  await bothAccept(stage.scribe);
});

describe('a decision in a batch is refused', () => {
  it.each<[string, (digest: string) => JsonObject, string]>([
    ['of another log', (digest) => batchOf(digest, { log: 'other/default' }), 'is of another log'],
    ['of another approver', (digest) => batchOf(digest, { approver: 'person:per_ada' }), 'another approver'],
    ['of another type', (digest) => batchOf(digest, { typ: 'act-statement/v1' }), 'is not exactly'],
    ['that says more', (digest) => batchOf(digest, { also: 1 }), 'is not exactly'],
    ['that does not list it', (digest) => batchOf(digest, { statements: [OTHER] }), 'does not list this'],
    [
      'that lists it twice',
      (digest) => batchOf(digest, { statements: [digest, digest] }),
      'lists a statement twice',
    ],
    [
      'that lists what is no digest',
      (digest) => batchOf(digest, { statements: [digest, 'x'] }),
      'list digests',
    ],
  ])('%s', async (_what, batch, reason) => {
    const stage = pendingStage();
    decide(stage.scribe, stage.asked, stage.cast.bob, { batch });
    expect(await bothRefuse(stage.scribe)).toContain(reason);
  });

  it('that was signed by itself alone, or not at all', async () => {
    const named = pendingStage();
    const odd = { challenge: Buffer.from(OTHER, 'hex').toString('base64url') };
    decide(named.scribe, named.asked, named.cast.bob, { batch: (digest) => batchOf(digest), odd });
    expect(await bothRefuse(named.scribe)).toContain('its challenge is that of another statement');
  });

  it('of what is critical', async () => {
    const stage = pendingStage({ risk: 'critical' });
    decide(stage.scribe, stage.asked, stage.cast.bob, { batch: (digest) => batchOf(digest) });
    expect(await bothRefuse(stage.scribe)).toContain('what is critical was decided in a batch');
  });

  it('by breaking the glass', async () => {
    const stage = pendingStage();
    const how = { breakGlass: true, reason: 'down', ttl: 60, batch: (digest: string) => batchOf(digest) };
    decide(stage.scribe, stage.asked, stage.cast.bob, how);
    expect(await bothRefuse(stage.scribe)).toContain('the glass was broken in a batch');
  });

  it('by a service account', async () => {
    const stage = pendingStage({ approver: 'automation' });
    const account = robot(stage.scribe, stage.cast.ada);
    const batch = (digest: string) => batchOf(digest, { approver: account.ref });
    decide(stage.scribe, stage.asked, account, { batch });
    expect(await bothRefuse(stage.scribe)).toContain('a service account decided in a batch');
  });
});
