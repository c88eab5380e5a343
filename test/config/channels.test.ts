import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import type { Channel } from '../../src/notifications/channels/channel.ts';

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-config-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function channelsOf(text: string, env: Record<string, string> = {}): readonly Channel[] {
  const dir = folder();
  const configFile = join(dir, 'countersign.yaml');
  writeFileSync(configFile, `mcp_servers: {}\ndemo: false\n${text}`);
  return loadConfig({ configFile, dataDir: join(dir, 'data'), env, readOnly: true }).channels;
}

describe('channels', () => {
  it('are people’s own devices alone unless others are configured', () => {
    const [push, ...more] = channelsOf('');
    expect(more).toEqual([]);
    expect(push).toEqual({
      name: 'push',
      target: { kind: 'push', contact: undefined },
      when: {},
      digestMs: 0,
      quiet: undefined,
      perAgent: 5,
      remindMs: undefined,
    });
  });

  it('tell devices by the terms of the one channel that says so, or not at all', () => {
    const phones = `channels: { phones: { type: push, digest: 5m, contact: "mailto:ops@example.com" } }`;
    expect(channelsOf(phones)).toMatchObject([
      { name: 'phones', target: { kind: 'push', contact: 'mailto:ops@example.com' }, digestMs: 300_000 },
    ]);
    expect(channelsOf('channels: { push: { remind: 2m } }')).toMatchObject([{ remindMs: 120_000 }]);
    expect(channelsOf('channels: { push: false }')).toEqual([]);
    expect(channelsOf('channels: { push: false, phones: { type: push } }')).toMatchObject([
      { name: 'phones' },
    ]);
  });

  it('have a kind, by its name or a type, and all that they are told by', () => {
    const [email, oncall] = channelsOf(
      `channels:
  email:
    smtp: smtps://gate:s%40cret@smtp.example.com
    from: gate@example.com
    to: [ada@example.com, bob@example.com]
  oncall:
    type: ntfy
    url: https://ntfy.example/base/topic_1
    token: \${NTFY_TOKEN}
    priority: { low: 1 }
    when: { risk: [high, critical], groups: finance, tools: ["payments/*"] }
    digest: 15m
    quiet: { from: "22:30", to: "07:00", zone: Europe/Berlin }
    per_agent: 2
    remind: 5m
`,
      { NTFY_TOKEN: 'tk_1' },
    );
    expect(email).toEqual({
      name: 'email',
      target: {
        kind: 'email',
        smtp: 'smtps://gate:s%40cret@smtp.example.com',
        from: 'gate@example.com',
        to: ['ada@example.com', 'bob@example.com'],
        allowPlaintext: false,
      },
      when: {},
      digestMs: 0,
      quiet: undefined,
      perAgent: 5,
      remindMs: undefined,
    });
    expect(oncall).toEqual({
      name: 'oncall',
      target: {
        kind: 'ntfy',
        url: 'https://ntfy.example/base/',
        topic: 'topic_1',
        token: 'tk_1',
        priority: { low: 1, medium: 3, high: 4, critical: 5 },
      },
      when: { risk: ['high', 'critical'], groups: ['finance'], tools: ['payments/*'] },
      digestMs: 900_000,
      quiet: { fromMinute: 1_350, toMinute: 420, zone: 'Europe/Berlin' },
      perAgent: 2,
      remindMs: 300_000,
    });
  });

  it('take secrets from files that only their owner can read', () => {
    const file = join(folder(), 'slack');
    writeFileSync(file, 'https://hooks.slack.com/services/x\n');
    chmodSync(file, 0o600);
    const text = `channels: { slack: { url: "\${SLACK}" } }`;
    expect(channelsOf(text, { SLACK_FILE: file })[0]?.target).toEqual({
      kind: 'slack',
      url: 'https://hooks.slack.com/services/x',
    });
    chmodSync(file, 0o644);
    expect(() => channelsOf(text, { SLACK_FILE: file })).toThrow('chmod 600');
    expect(() => channelsOf(text)).toThrow(/countersign\.yaml:3.*SLACK/);
  });

  it.each([
    ['[]', /:3: channels: expected an object of at most 20/],
    ['{ "a b": {} }', /expected a name/],
    ['{ ops: 7 }', /:3: channels\.ops: expected an object/],
    ['{ ops: {} }', /expected "type", one of email, ntfy, slack, discord/],
    ['{ push: { contact: "javascript:canary" } }', /push\.contact: expected an address such as "mailto:/],
    ['{ push: { contact: "https://localhost/canary" } }', /push\.contact: expected an address/],
    ['{ push: { contact: "mailto:canary" } }', /push\.contact: expected an address/],
    ['{ push: { url: "https://x.example" } }', /push\.url: unknown key/],
    ['{ push: {}, phones: { type: push } }', /channels\.phones: expected one channel of the type push/],
    ['{ push: { type: slack, url: "https://x.example" } }', /channels\.push: expected another name/],
    ['{ ops: false }', /:3: channels\.ops: expected an object/],
    ['{ ops: { type: pager } }', /channels\.ops\.type: expected one of/],
    ['{ slack: { url: https://x.example, topic: 1 } }', /channels\.slack\.topic: unknown key/],
    ['{ slack: {} }', /expected "url"/],
    [
      '{ discord: { url: "ftp://canary.example" } }',
      /expected the address of an incoming webhook of discord/,
    ],
    ['{ ntfy: { url: "https://ntfy.sh/" } }', /expected the address of a topic/],
    ['{ ntfy: { url: "https://ntfy.sh/a?x=1" } }', /expected the address of a topic/],
    ['{ ntfy: { url: "https://ntfy.sh/a", priority: { high: 6 } } }', /priority\.high: expected a priority/],
    ['{ ntfy: { url: "https://ntfy.sh/a", priority: { huge: 1 } } }', /priority\.huge: unknown key/],
    [
      '{ email: { smtp: "http://canary", from: a@b, to: a@b } }',
      /email\.smtp: expected the address of a mail/,
    ],
    ['{ email: { smtp: "smtp://h", from: "A <a@b>", to: a@b } }', /email\.from: expected a mail address/],
    [
      '{ email: { smtp: "smtp://h", from: a@b, to: ["a@b", "c@d, e@f"] } }',
      /email\.to\[1\]: expected a mail/,
    ],
    ['{ email: { smtp: "smtp://h", from: a@b, to: ["a@b\\nBcc: c@d"] } }', /expected a mail address/],
    ['{ email: { smtp: "smtp://h", from: a@b, to: [] } }', /email\.to: expected 1 to 50/],
    ['{ email: { smtp: "smtp://h", from: a@b, to: a@b, allow_plaintext: 1 } }', /expected true or false/],
    ['{ slack: { url: https://x.example, when: { risk: [huge] } } }', /when\.risk: expected some of low/],
    ['{ slack: { url: https://x.example, when: { tool: [a] } } }', /when\.tool: unknown key/],
    ['{ slack: { url: https://x.example, when: { tools: [] } } }', /when\.tools: expected a list/],
    ['{ slack: { url: https://x.example, digest: 5s } }', /digest: expected a time such as "15m"/],
    ['{ slack: { url: https://x.example, remind: 25h } }', /remind: expected a time/],
    ['{ slack: { url: https://x.example, per_agent: 0 } }', /per_agent: expected a number from 1/],
    [
      '{ slack: { url: https://x.example, quiet: { from: "24:00", to: "07:00", zone: UTC } } }',
      /quiet\.from/,
    ],
    [
      '{ slack: { url: https://x.example, quiet: { from: "07:00", to: "07:00", zone: UTC } } }',
      /another time/,
    ],
    [
      '{ slack: { url: https://x.example, quiet: { from: "22:00", to: "07:00", zone: Mars } } }',
      /quiet\.zone/,
    ],
  ])('are refused with their place and without their secrets: %s', (text, problem) => {
    const refused = (() => {
      try {
        return channelsOf(`channels: ${text}`);
      } catch (error) {
        return error as Error;
      }
    })();
    expect(refused).toBeInstanceOf(Error);
    expect((refused as Error).message).toMatch(problem);
    expect((refused as Error).message).not.toContain('canary');
  });
});
