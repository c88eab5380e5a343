import { expect, it } from 'vitest';
import { termsLines } from '../../src/cli/terms-lines.ts';
import { call, policyOf } from '../policy/fixtures.ts';

it('an explanation tells what approving would take, as the verdict has it', () => {
  const rule =
    '{ id: a, match: { tools: ["*"] }, effect: hold, retain: 30d, approval: { groups: [ops], quorum: 2, expires: 1h, escalate: { after: 10m, groups: [cto] }, authenticator: { backup_eligible: false, attestation: [tpm] }, capability: { dpop: true } } }';
  expect(termsLines(policyOf([rule]).evaluate(call()))).toEqual([
    'approval: 2 of ops, within 1 h 0 m, not the requester',
    'escalate: after 10 m 00 s also cto',
    'authenticator: bound to one device',
    'authenticator: attested as tpm',
    'capability: 5 m 00 s, with proof of a key',
    'retain: 30 d 0 h',
  ]);
});

it('an explanation says of an automated rule that a service account may decide, and nothing of an allowed tool', () => {
  const automated =
    '{ id: a, match: { tools: ["*"] }, effect: hold, approval: { approver: automation, exclude_requester: false } }';
  expect(termsLines(policyOf([automated]).evaluate(call()))).toEqual([
    'approval: 1 of anyone who is enrolled, within 30 m 00 s',
    'approver: a registered service account may decide too',
    'capability: 5 m 00 s',
  ]);
  const allowed = '{ id: a, match: { tools: ["*"] }, effect: allow }';
  expect(termsLines(policyOf([allowed]).evaluate(call()))).toEqual([]);
});
