import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type Approver, enrol } from '../support/approver.ts';
import { ndjson, openTerminal, oracleConfig, type Terminal } from './cli-terminal.ts';

const POLICY = `version: 1
defaults: { effect: deny }
rules:
  - id: production
    match: { tools: ["deployment.execute"], kinds: [action] }
    when: 'has(metadata.environment) && metadata.environment == "production"'
    effect: hold
    risk: high
    reason: The action changes what runs in production.
`;

const ACTOR = 'service-account:release-bot';
const REQUEST = [
  ...['approval', 'request', '--action', 'deployment.execute', '--resource', 'service:billing-api'],
  ...['--risk', 'high', '--actor', ACTOR, '--metadata', 'environment=production'],
];

async function openJourney(): Promise<{
  terminal: Terminal;
  person: Approver;
  up: () => ReturnType<Terminal['up']>;
  running: Awaited<ReturnType<Terminal['up']>>;
}> {
  const terminal = await openTerminal();
  onTestFinished(() => terminal.close());
  const config = await terminal.write('mcp.json', oracleConfig(join(terminal.dir, 'witness.jsonl')));
  await terminal.write('policies/policy.yaml', POLICY);
  const up = () => terminal.up('--config', config, '--policies', join(terminal.dir, 'policies'));
  const running = await up();
  return { terminal, up, running, person: await enrol(running.ready.origin, running.ready.enrol_url) };
}

it('a script asks, a person signs, the script carries it out once and says what happened', async () => {
  const { terminal, person } = await openJourney();
  const asking = terminal.run([...REQUEST, '--wait', '--timeout', '30s', '--json']);
  const id = await vi.waitFor(
    async () => {
      const { body } = await person.fetch('GET', '/v1/approvals?state=pending');
      if (body.data.length === 0) throw new Error('nothing waits');
      return String(body.data[0].id);
    },
    { timeout: 15_000, interval: 20 },
  );
  expect((await person.decide(id, 'approve')).body.state).toBe('approved');
  const asked = await asking;
  expect(asked.code).toBe(0);
  expect(ndjson(asked)).toMatchObject([{ id, state: 'approved', subject: ACTOR }]);

  const exchange = ['capability', 'exchange', '--request', id, '--actor', ACTOR];
  const other = await terminal.run([...exchange.slice(0, -1), 'service-account:other']);
  expect(other.code).not.toBe(0);
  const exchanged = await terminal.run(exchange);
  expect(exchanged.code).toBe(0);
  expect(exchanged.stdout.trim().split('.')).toHaveLength(3);
  const again = await terminal.run(exchange);
  expect([again.code, again.stdout]).toEqual([5, '']);
  expect(again.stderr).toContain('works once');

  const outcome = ['approval', 'outcome', id, '--state', 'succeeded', '--note', 'live'];
  expect((await terminal.run(outcome)).code).toBe(0);
  expect((await terminal.run(outcome)).code).toBe(1);
  const shown = await terminal.run(['approval', 'get', id, '--json']);
  expect(ndjson(shown)).toMatchObject([
    { state: 'succeeded', capability: { state: 'exchanged' }, result: { text: 'live' } },
  ]);
  expect((await terminal.run(['logs', 'verify'])).code).toBe(0);
});

it('a script learns by its exit code that a person or the policy said no, or nobody anything', async () => {
  const { terminal, person } = await openJourney();
  const asking = terminal.run([...REQUEST, '--wait', '--json']);
  await vi.waitFor(
    async () => {
      const { body } = await person.fetch('GET', '/v1/approvals?state=pending');
      expect((await person.decide(body.data[0].id, 'deny')).status).toBe(200);
    },
    { timeout: 15_000, interval: 20 },
  );
  expect((await asking).code).toBe(3);
  const forbidden = await terminal.run([...REQUEST.slice(0, -1), 'environment=staging']);
  expect([forbidden.code, forbidden.stdout]).toEqual([3, '']);
  expect((await terminal.run([...REQUEST, '--wait', '--timeout', '50ms'])).code).toBe(5);
});

it('an approval outlives the gateway, which is killed and started again, and works once', async () => {
  const { terminal, person, running, up } = await openJourney();
  const asked = ndjson(await terminal.run([...REQUEST, '--json']))[0];
  await person.decide(asked.id, 'approve');
  await running.stop('SIGKILL');
  await up();
  const exchange = ['capability', 'exchange', '--request', asked.id, '--actor', ACTOR];
  expect((await terminal.run(exchange)).code).toBe(0);
  expect((await terminal.run(exchange)).code).not.toBe(0);
  const outcome = await terminal.run(['approval', 'outcome', asked.id, '--state', 'failed']);
  expect(outcome.code).toBe(0);
});
