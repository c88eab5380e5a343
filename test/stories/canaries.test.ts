import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { assertionOf, newMachine } from '../capabilities/support/machine.ts';
import { connectV1, connectV2 } from '../support/agents.ts';
import { enrol } from '../support/approver.ts';
import { oauthAgent } from '../support/oauth-agent.ts';
import { type Canary, openFarm, type Told } from './canary-farm.ts';

const PLANTED = {
  smtp: 'canary-smtp-4b1f0c',
  slack: 'canary-slack-91d2aa',
  ntfy: 'canary-ntfy-77e3b0',
  discord: 'canary-discord-c60f1d',
  env: 'canary-env-2af98b',
  header: 'canary-header-d0319e',
  client: 'canary-client-58ac7e',
} as const;

const HIDDEN = 'canary-hidden-0e77d4';
const CARD = 'canary-card-b3c5f2';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

function leaksIn(told: readonly Told[], canaries: readonly Canary[]): string[] {
  return told.flatMap(({ where, text }) =>
    canaries
      .filter(({ value, answers }) => text.includes(value) && !answers?.test(where))
      .map(({ name }) => `${name}: ${where}`),
  );
}

test('no secret that is planted anywhere is told to anybody but by the one answer that is there for it', async () => {
  const farm = await openFarm(PLANTED);
  const { ready, world, terminal } = farm;
  const { origin, api_key: apiKey } = ready;
  const canaries: Canary[] = Object.entries(PLANTED).map(([name, value]) => ({ name, value }));
  const plant = (name: string, value: unknown, more: Partial<Canary> = {}): string => {
    expect(value, name).toEqual(expect.stringMatching(/.{8}/));
    canaries.push({ name, value: String(value), ...more });
    return String(value);
  };
  const ask = async (
    method: string,
    path: string,
    more: { as?: string; body?: unknown; headers?: object } = {},
  ) => {
    const { as = apiKey, body, headers = {} } = more;
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${as}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      text,
      body: /^[{[]/.test(text) ? JSON.parse(text.split('\n')[0] ?? '') : {},
    };
  };
  const made = async (path: string, body: unknown, headers: object = {}) => {
    const answer = await ask('POST', path, { body, headers });
    expect([path, answer.status, answer.text]).toEqual([
      path,
      expect.toSatisfy((s: number) => s < 300),
      answer.text,
    ]);
    return answer.body;
  };

  plant('API key', apiKey, { files: /^cli\.json$/ });
  const startToken = ready.session.mcp.headers.Authorization.split(' ')[1];
  plant('session of the start', startToken, { files: /^session\.json$/ });
  plant('enrol link', ready.enrol_url.split('#')[1], { files: /^enrol/ });
  const person = await enrol(origin, ready.enrol_url);
  plant('cookie', person.cookie.split('=')[1], { answers: /^POST \/v1\/webauthn\/enrol\/verify/ });
  const minted = await made('/v1/sessions', { subject: 'ann' }, { 'idempotency-key': 'mint-once' });
  await made('/v1/sessions', { subject: 'ann' }, { 'idempotency-key': 'mint-once' });
  const session = plant('session', minted.mcp.headers.Authorization.split(' ')[1], {
    answers: /^POST \/v1\/sessions /,
  });
  const reader = plant('reader key', (await made('/v1/keys', { name: 'audit', roles: ['reader'] })).key, {
    answers: /^POST \/v1\/keys /,
  });
  const hook = await made('/v1/webhooks', { url: `${world}/hook` }, { 'idempotency-key': 'hook-once' });
  plant('webhook secret', hook.secret.replace('whsec_', ''), { answers: /^POST \/v1\/webhooks / });
  for (const name of ['payload.key', 'ledger.key', 'capability.keys'])
    for (const [index, line] of secretsOf(readFileSync(join(terminal.dataDir, name), 'utf8')).entries())
      plant(`${name} ${index}`, line, { files: new RegExp(`^${name.replace('.', '\\.')}$`) });

  const oauth = oauthAgent(origin);
  const clientId: string = (await oauth.register()).body.client_id;
  const redirect = await oauth.consent(person, oauth.query(clientId));
  const code = plant('code', redirect.searchParams.get('code'), { answers: /^POST \/v1\/oauth\/consents/ });
  const tokens = (await oauth.redeem(clientId, redirect)).body;
  const issued = { answers: /^POST \/oauth\/token/ };
  const access = plant('OAuth access token', tokens.access_token, issued);
  const refresh = plant('OAuth refresh token', tokens.refresh_token, issued);
  plant('second refresh token', (await oauth.refresh(clientId, refresh)).body.refresh_token, issued);

  const machine = await newMachine();
  const params = { name: 'bot', groups: [], public_key: machine.jwk };
  const registrar = await person.invite('Rita');
  const account = (await registrar.perform('service_account.create', params)).body.id;
  const login = { account, audience: `${origin}/oauth/token`, nowMs: systemClock() };
  const assertion = plant('assertion', await assertionOf(machine, login));
  const credentials = { client_assertion_type: ASSERTION, client_assertion: assertion };
  const grant = { grant_type: 'client_credentials', ...credentials };
  const bot = plant('account token', (await oauth.post('/oauth/token', grant)).body.access_token, issued);

  const agent = await connectV1(ready.session.mcp);
  // Policy hides these: of a held call they are revealed alone, of a live one its payload is given to the operator.
  const files = /^countersign\.db/;
  const revealed = /^POST \/v1\/approvals\/[^/]+\/reveal /;
  const given = /^POST \/mcp|^GET \/v1\/logs\/export\?payloads=true/;
  plant('hidden argument', HIDDEN, {
    answers: new RegExp(`${revealed.source}|${given.source}`),
    files,
  });
  plant('hidden member', CARD, { answers: revealed, files });
  await agent.callTool({ name: 'echo', arguments: { text: HIDDEN } });
  await agent.callTool({ name: 'fail', arguments: {} });
  await agent.callTool({ name: 'burst', arguments: {} }).catch(() => undefined);
  await agent.callTool({ name: 'slow', arguments: {} }).catch(() => undefined);
  const held: any = await agent.callTool({ name: 'pay', arguments: { amount_cents: 7, to: HIDDEN } });
  const approval: string = held.structuredContent.approval_id;
  const reveal = (id: string) => person.fetch('POST', `/v1/approvals/${id}/reveal`, { what: 'arguments' });
  expect((await reveal(approval)).status).toBe(200);
  expect((await person.decide(approval, 'approve')).status).toBe(200);
  expect((await person.fetch('GET', `/v1/approvals/${approval}/wait?timeout_ms=15000`)).body.state).toBe(
    'succeeded',
  );
  await agent.close();
  const modern = await connectV2({ url: `${origin}/mcp/${session}`, headers: {} }, 'modern');
  await modern.callTool({ name: 'pay', arguments: { amount_cents: 8, to: HIDDEN } });
  await modern.close();
  const refund = { action: 'refund.create', resource: 'acme', arguments: { card: CARD } };
  const asked = (await ask('POST', '/v1/approvals', { as: bot, body: refund })).body;
  expect((await reveal(asked.id)).status).toBe(200);
  expect((await person.decide(asked.id, 'approve')).status).toBe(200);
  const spend = {
    grant_type: EXCHANGE,
    subject_token: asked.id,
    subject_token_type: 'urn:countersign:params:oauth:token-type:approval',
  };
  const capability = await oauth.post('/oauth/token', spend, { authorization: `Bearer ${bot}` });
  plant('capability', capability.body.access_token, {
    answers: /^POST \/oauth\/token/,
  });

  for (const { value } of [...canaries]) {
    const encoded = encodeURIComponent(value).slice(0, 1_000);
    for (const as of [value, `${value}x`]) {
      await fetch(`${origin}/v1/logs`, { headers: { authorization: `Basic ${encodeURIComponent(as)}` } });
      await oauth.initialize(encodeURIComponent(as));
    }
    await fetch(`${origin}/mcp/${encoded}x`, { method: 'POST', body: '{}' });
    for (const list of ['logs', 'sessions', 'approvals']) await ask('GET', `/v1/${list}?cursor=${encoded}`);
    await oauth.post('/oauth/token', {
      grant_type: 'refresh_token',
      refresh_token: `${value}x`,
      client_id: clientId,
    });
    await oauth.post('/oauth/token', {
      grant_type: 'authorization_code',
      code: `${value}x`,
      client_id: clientId,
    });
    await oauth.post('/oauth/introspect', { token: value }, { authorization: `Bearer ${apiKey}` });
    await fetch(`${origin}/v1/me`, { headers: { cookie: `${person.cookie.split('=')[0]}=${encoded}x` } });
    await fetch(`${origin}/v1/webauthn/enrol/options`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json', 'x-countersign-csrf': '1' },
      body: JSON.stringify({ token: `${value}x` }),
    });
  }
  await oauth.redeem(clientId, redirect);
  await oauth.initialize(access);
  expect(code).not.toBe('');
  for (const name of ['mail', 'slack', 'ntfy', 'gone'])
    await ask('POST', `/v1/channels/${name}/test`, { body: {} });
  await expect
    .poll(() => farm.heard.filter(({ where }) => where === 'to /hook').length, { timeout: 8_000 })
    .toBeGreaterThan(3);
  await expect.poll(() => farm.mail.letters.length, { timeout: 8_000 }).toBeGreaterThan(0);

  const { paths } = (await ask('GET', '/v1/openapi.json', { as: reader })).body;
  const { id: released } = (await ask('GET', '/v1/capabilities')).body.data[0];
  const ids: Readonly<Record<string, string>> = {
    approvals: approval,
    sessions: minted.id,
    webhooks: hook.id,
    jobs: approval.replace('apr_', 'job_'),
    capabilities: released,
  };
  const queries = { proof: '?seq=0', consistency: '?first=1', wait: '?timeout_ms=1' };
  const unread: string[] = [];
  for (const [path, operations] of Object.entries<any>(paths)) {
    // Streams have no end; they tell what the lists tell.
    if (operations.get === undefined || /stream|events/.test(path)) continue;
    const [, , kind = ''] = path.split('/');
    const query = queries[path.split('/').at(-1) as keyof typeof queries] ?? '';
    const at = path.replace('{id}', ids[kind] ?? asked.id).replace('{name}', 'oracle') + query;
    const statuses: number[] = [];
    expect((await ask('GET', at, { as: reader })).text, path).not.toContain(HIDDEN);
    for (const as of [reader, apiKey]) statuses.push((await ask('GET', at, { as })).status);
    statuses.push((await person.fetch('GET', at).catch(() => ({ status: 200 }))).status);
    if (!statuses.includes(200)) unread.push(path);
  }
  expect(unread).toEqual(['/v1/approvals/{id}/deny-link']);
  for (const query of ['', '?format=ndjson', '?format=csv', '?format=cef'])
    expect((await ask('GET', `/v1/logs/export${query}`, { as: reader })).status, query).toBe(200);
  expect((await ask('GET', '/v1/logs/export?payloads=true')).text).toContain(HIDDEN);
  for (const path of ['/', '/docs', '/skill.md', '/llms.txt']) await fetch(`${origin}${path}`);
  const metrics = await (await fetch(farm.metricsUrl)).text();
  const cli = (args: string[], key: string) =>
    terminal.run(args, { COUNTERSIGN_URL: origin, COUNTERSIGN_API_KEY: key });
  const ran = await Promise.all([
    cli(['logs', 'query', '--json'], reader),
    cli(['logs', 'export', '--format', 'csv'], reader),
    cli(['logs', 'query'], `${apiKey}x`),
    cli(['session', 'list'], session),
  ]);

  const stopped = await farm.running.stop();
  expect(stopped.stderr).toContain('"level":20');
  const outputs = [...ran, stopped].flatMap(({ stdout, stderr }, index) => [
    {
      where: `stdout ${index}`,
      text: stdout
        .split('\n')
        .filter((line) => !line.includes('"event":"ready"'))
        .join('\n'),
    },
    { where: `stderr ${index}`, text: stderr },
  ]);
  const spans = readFileSync(join(terminal.dir, 'spans.ndjson'), 'utf8');
  expect(spans).toContain('approval.decide');
  const answers = await farm.answers();
  expect(answers.filter(({ where }) => /→ 5/.test(where))).toEqual([]);
  expect(ran.map(({ code }) => code === 0)).toEqual([true, true, false, false]);
  const told = [
    ...answers,
    ...outputs,
    { where: 'metrics', text: metrics },
    { where: 'spans', text: spans },
    ...farm.mail.letters.map(({ text }) => ({ where: 'mail', text })),
  ];
  expect(leaksIn(told, canaries)).toEqual([]);
  // Whoever hears nothing finds nothing: what may be told is found where it may.
  const unheard = canaries.filter(
    ({ value, answers }) => answers !== undefined && !told.some(({ text }) => text.includes(value)),
  );
  expect(unheard.map(({ name }) => name)).toEqual([]);
  expect(stopped.stderr).toContain('nobody let me in with [TOKEN]');
  const owners: Readonly<Record<string, RegExp>> = {
    ntfy: /^to \/$/,
    header: /^to \/mcp/,
    client: /^to \/token/,
  };
  const outside = canaries.map(({ name, value }) => ({ name, value, answers: owners[name] ?? /^$/ }));
  expect(leaksIn(farm.heard, outside)).toEqual([]);
  for (const name of ['ntfy', 'header', 'client'] as const)
    expect(
      farm.heard.some(({ text }) => text.includes(PLANTED[name])),
      name,
    ).toBe(true);
  const holding = farm.files();
  const unstored = canaries.filter(
    ({ value, files }) => files !== undefined && !holding.some(({ bytes }) => bytes.includes(value)),
  );
  expect(unstored.map(({ name }) => name)).toEqual(['enrol link']);
  const stored = farm
    .files()
    .flatMap(({ name, bytes }) =>
      canaries
        .filter(({ value, files }) => bytes.includes(value) && !files?.test(name))
        .map((one) => `${one.name}: ${name}`),
    );
  expect(stored).toEqual([]);
}, 30_000);

/** The private members of a file of keys, else its long words. */
function secretsOf(text: string): string[] {
  const members = [...text.matchAll(/"d": "([^"]+)"/g)].map(([, secret = '']) => secret);
  return members.length > 0 ? members : (text.match(/[A-Za-z0-9_/=-]{40,}/g) ?? []);
}
