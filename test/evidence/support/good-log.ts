import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { JsonObject } from '../../../src/core/json.ts';
import { signTogether } from '../../../src/ledger/note.ts';
import { approve, ask, breakGlass, decide, dispatch, settle } from './approvals.ts';
import { enrol, mint, type Player, passkeyBody, signedAct } from './cast.ts';
import { fixedDevice } from './device.ts';
import { createScribe, logKey, type Scribe } from './scribe.ts';
import { TOKEN_KEY, TOKEN_KID, takeUp } from './token.ts';

export function genesis(scribe: Scribe): void {
  scribe.append('ledger.genesis', {}, { format: 'countersign/ledger/v1', vkey: scribe.signer.vkey });
  scribe.append('policy.loaded', {}, { version: 'sha256:policy', rules: 3 });
  scribe.append('capability_key.created', {}, { kid: TOKEN_KID, jwk: { ...TOKEN_KEY.jwk } });
  const key = { key: 'key_1', name: 'ops', roles: ['operator'], hint: 'x' };
  scribe.append('key.created', { principal: 'gateway:start' }, key);
}

/** Ada by the gateway's own link; Bob, Cleo and Dan by Ada. */
export function founders(scribe: Scribe): { ada: Player; bob: Player; cleo: Player; dan: Player } {
  const ada = enrol(scribe, { id: 'per_ada', name: 'Ada', groups: ['finance', 'break-glass'] });
  const bob = enrol(
    scribe,
    { id: 'per_bob', name: 'Bob', groups: ['finance', 'break-glass'], subject: 'bob' },
    ada,
  );
  const device = fixedDevice('per_cleo', 'EdDSA');
  const cleo = enrol(scribe, { id: 'per_cleo', name: 'Cléo ✓', groups: ['cto'], device }, ada);
  const dan = enrol(scribe, { id: 'per_dan', name: 'Dan' }, bob);
  return { ada, bob, cleo, dan };
}

const SEED = createHash('sha256').update('service account').digest();
const ROBOT_KEY = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), SEED]),
  format: 'der',
  type: 'pkcs8',
});

/** A service account that may decide, created by a person. */
export function robot(scribe: Scribe, by: Player): { ref: string; prove(challenge: Uint8Array): string } {
  const public_key = createPublicKey(ROBOT_KEY).export({ format: 'jwk' }) as JsonObject;
  const params = { name: 'robot', groups: ['bots'], public_key };
  scribe.append(
    'service_account.created',
    { principal: by.ref, action: 'service_accounts.create' },
    {
      service_account: 'svc_robot',
      ...params,
      ...signedAct(scribe, by, { act: 'service_account.create', params }),
    },
  );
  return {
    ref: 'service_account:svc_robot',
    prove: (challenge) =>
      JSON.stringify({
        kind: 'service_account',
        service_account: 'svc_robot',
        alg: 'Ed25519',
        signature: sign(null, challenge, ROBOT_KEY).toString('base64url'),
      }),
  };
}

/** Hands the log over to another key; both sign for a while. */
export function rotate(scribe: Scribe, byte = 9): void {
  const [old, next] = [scribe.signer, logKey(byte)];
  const signature = logKey().signature(`countersign/rotate/v1\n${next.vkey}\n`);
  scribe.append(
    'ledger.key_rotated',
    { principal: 'api_key:key_1' },
    {
      vkey: next.vkey,
      previous: old.vkey,
      signature: Buffer.from(signature).toString('base64'),
      overlap_until: scribe.now + 7 * 86_400_000,
    },
  );
  scribe.signer = signTogether(next, [old]);
  scribe.checkpoint();
}

/** What a person signs who makes an API key. */
export const PERSONS_KEY = {
  name: 'billing',
  roles: ['minter', 'reader'],
  hint: 'Ab-9',
  hash: createHash('sha256').update('a key that only its page knows').digest('hex'),
};

function removals(scribe: Scribe, { ada, bob, dan }: ReturnType<typeof founders>): void {
  const spare = fixedDevice('spare of ada');
  const added = { person: ada.id, credential_id: spare.credentialId, public_key: spare.publicKey };
  scribe.append(
    'passkey.added',
    { principal: ada.ref },
    {
      person: ada.id,
      passkey: passkeyBody('psk_spare', spare),
      ...signedAct(scribe, ada, { act: 'passkey.add', params: added }),
    },
  );
  const gone = { person: ada.id, passkey: `psk_${ada.id}` };
  const signer = { ...ada, device: spare };
  scribe.append(
    'passkey.removed',
    { principal: ada.ref },
    { ...gone, ...signedAct(scribe, signer, { act: 'passkey.remove', params: gone }) },
  );
  scribe.append(
    'approver.removed',
    { principal: bob.ref, action: 'approvers.remove' },
    {
      person: dan.id,
      name: dan.name,
      ...signedAct(scribe, bob, { act: 'approver.remove', params: { person: dan.id } }),
    },
  );
  scribe.append('passkey.suspect', {}, { person: bob.id, passkey: 'psk_per_bob', stored: 9, received: 3 });
  const account = { service_account: 'svc_robot' };
  scribe.append(
    'service_account.removed',
    { principal: bob.ref },
    { ...account, ...signedAct(scribe, bob, { act: 'service_account.remove', params: account }) },
  );
}

function ordinaryCalls(scribe: Scribe, { bob, cleo }: ReturnType<typeof founders>): void {
  const session = mint(scribe, 'ses_1');
  const args = scribe.secret('{"text":"hello"}');
  const ref = { session, subject: 'ann', call: 'req_1', action: 'bank/show' };
  scribe.append('call.intent', ref, { arguments: args.commit, policy: 'sha256:policy' });
  scribe.disclose({ id: 'req_1', of: 'arguments', secret: args });
  scribe.append('call.outcome', ref, { kind: 'result', is_error: false, bytes: 12 });
  scribe.append('call.denied', { session, subject: 'ann', action: 'bank/close' }, { reason: 'never' });

  const two = ask(scribe, {
    id: 'apr_two',
    session,
    body: { quorum: 2, groups: ['finance', 'cto'] },
    disclose: true,
  });
  decide(scribe, two, bob, { reason: 'seen' });
  scribe.checkpoint();
  decide(scribe, two, cleo);
  approve(scribe, two);
  scribe.checkpoint();
  dispatch(scribe, two);
  settle(scribe, two, 'succeeded', true);

  const no = ask(scribe, { id: 'apr_no', session });
  decide(scribe, no, bob, { decision: 'deny', reason: 'not this one' });
  scribe.append('approval.denied', { ...no.ref, principal: bob.ref }, {});
  const gone = ask(scribe, { id: 'apr_gone', session });
  scribe.append('approval.cancelled', gone.ref, { state: 'cancelled', reason: 'Withdrawn.' });

  const child = { ...mintedBody(scribe), ancestors: ['ses_1'], session: 'ses_2' };
  scribe.append('session.narrowed', { session: 'ses_2', subject: 'ann', principal: 'session:ses_1' }, child);
  const stale = ask(scribe, { id: 'apr_stale', session: 'ses_2' });
  decide(scribe, stale, bob);
  approve(scribe, stale);
  scribe.append('session.revoked', { session: 'ses_1' }, { reason: 'done', descendants: ['ses_2'] });
  scribe.append('capability.revoked', stale.ref, { capability: 'cap_apr_stale', reason: 'session ended' });
  scribe.append('approval.void', stale.ref, { reason: 'The session was revoked.' });
}

function mintedBody(scribe: Scribe): JsonObject {
  return {
    subject: 'ann',
    labels: {},
    scope: ['bank/*'],
    call_cap: 3,
    minted_by: 'session:ses_1',
    expires_at: scribe.now + 60_000,
  };
}

function rareCalls(scribe: Scribe, cast: ReturnType<typeof founders>): void {
  const { ada, bob, cleo } = cast;
  const session = mint(scribe, 'ses_3');
  const late = ask(scribe, {
    id: 'apr_late',
    session,
    body: { groups: ['legal'], escalations: [{ after_ms: 60_000, groups: ['cto'] }] },
  });
  scribe.now += 60_000;
  scribe.append('approval.escalated', late.ref, { after_ms: 60_000, groups: ['cto'] });
  decide(scribe, late, cleo);
  approve(scribe, late);
  dispatch(scribe, late);
  settle(scribe, late, 'unknown');
  scribe.append('approval.late_result', late.ref, { state: 'succeeded', attempt: 1 });
  scribe.append(
    'approval.resolved',
    { ...late.ref, principal: 'api_key:key_1' },
    { state: 'succeeded', reason: 'seen in the bank' },
  );

  const urgent = ask(scribe, { id: 'apr_urgent', session, body: { groups: ['nobody'], quorum: 3 } });
  breakGlass(scribe, urgent, ada, 1);
  breakGlass(scribe, urgent, bob, 2);
  approve(scribe, urgent, { basis: 'break_glass', ttlMs: 60_000 });
  dispatch(scribe, urgent);
  settle(scribe, urgent, 'failed');

  const machine = robot(scribe, ada);
  const auto = ask(scribe, { id: 'apr_auto', session, body: { approver: 'automation', groups: ['bots'] } });
  decide(scribe, auto, machine);
  approve(scribe, auto);
  dispatch(scribe, auto);
  settle(scribe, auto);

  const slow = ask(scribe, { id: 'apr_slow', session, body: { expires_at: scribe.now + 30_000 } });
  scribe.now += 30_000;
  scribe.append('approval.expired', slow.ref, {});
}

function actions(scribe: Scribe, { bob }: ReturnType<typeof founders>): void {
  const deploy = ask(scribe, { id: 'apr_deploy', disclose: true });
  decide(scribe, deploy, bob);
  approve(scribe, deploy);
  scribe.checkpoint();
  takeUp(scribe, deploy);
  scribe.append(
    'approval.outcome',
    { ...deploy.ref, principal: deploy.requester },
    { state: 'succeeded', attempt: 1 },
  );
  const free = ask(scribe, { id: 'apr_free', body: { effect: 'allow', quorum: 0 } });
  approve(scribe, free, { basis: 'policy' });
  takeUp(scribe, free);
  scribe.append('access.evaluated', { action: 'deployment.execute' }, { decision: true, effect: 'allow' });
}

/** A log in which every kind of thing happens, as an honest gateway writes it. */
export function goodLog(): { scribe: Scribe; cast: ReturnType<typeof founders> } {
  const scribe = createScribe();
  genesis(scribe);
  scribe.append('tool.pinned', { action: 'bank/pay' }, { server: 'bank', tool: 'pay', hash: 'sha256:pay' });
  const cast = founders(scribe);
  scribe.append('approver.signed_in', { principal: cast.ada.ref }, { passkey: 'psk_per_ada' });
  ordinaryCalls(scribe, cast);
  rareCalls(scribe, cast);
  rotate(scribe);
  actions(scribe, cast);
  removals(scribe, cast);
  scribe.append(
    'tool.quarantined',
    { action: 'bank/pay' },
    { server: 'bank', tool: 'pay', hash: 'sha256:b' },
  );
  scribe.append(
    'tool.refused',
    { action: 'bank/pay', principal: 'api_key:key_1' },
    { server: 'bank', tool: 'pay', hash: 'sha256:b', reason: 'not agreed' },
  );
  scribe.append('tool.accepted', { action: 'bank/pay' }, { server: 'bank', tool: 'pay', hash: 'sha256:b' });
  scribe.append(
    'server.authorized',
    { action: 'bank', principal: 'api_key:key_1' },
    { server: 'bank', issuer: 'https://as.example', resource: 'https://bank.example/mcp', client_id: 'c' },
  );
  scribe.append(
    'server.deauthorized',
    { action: 'bank', principal: 'gateway:oauth' },
    { server: 'bank', reason: 'refused' },
  );
  const asked = { server: 'bank', kind: 'elicitation', answer: 'accept' };
  scribe.append('call.asked', { subject: 'ann', call: 'req_1', action: 'bank/show' }, asked);
  const job = { subject: 'ann', action: 'bank/audit' };
  scribe.append('job.created', job, { job: 'job_1', source: 'poll' });
  scribe.append('job.ended', job, { job: 'job_1', state: 'unknown', reason: 'Nobody can tell.' });
  const hook = { webhook: 'whk_1', host: 'hooks.example', events: ['*'] };
  scribe.append('webhook.created', { principal: 'api_key:key_1' }, hook);
  scribe.append('webhook.changed', { principal: 'api_key:key_1' }, { ...hook, enabled: false });
  scribe.append('webhook.removed', { principal: 'api_key:key_1' }, { webhook: 'whk_1' });
  scribe.append('device.added', { principal: 'person:per_1' }, { device: 'dev_1', host: 'push.example' });
  scribe.append('device.removed', {}, { device: 'dev_1', reason: 'gone' });
  const replayed = { policy: 'sha256:00', since: 1, until: 2, calls: 3 };
  scribe.append('policy.replayed', { principal: 'person:per_1', action: 'policies.replay' }, replayed);
  for (const what of ['arguments', 'result'])
    scribe.append('approval.revealed', { approval: 'apr_two', principal: cast.bob.ref }, { what });
  scribe.append('payload.redacted', { principal: 'api_key:key_1' }, { ids: ['apr_no'], reason: 'requested' });
  scribe.append('capability_key.retired', {}, { kid: TOKEN_KID });
  const signed = signedAct(scribe, cast.bob, { act: 'key.create', params: PERSONS_KEY });
  const made = { key: 'key_2', ...PERSONS_KEY, ...signed };
  scribe.append('key.created', { principal: cast.bob.ref, action: 'keys.create' }, made);
  scribe.append('key.revoked', { principal: 'api_key:key_1' }, { key: 'key_1' });
  return { scribe, cast };
}
