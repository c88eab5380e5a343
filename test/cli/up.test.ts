import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CliDeps, RunningApp, StartOptions } from '../../src/cli/ports.ts';
import { openTerminal } from './run-command.ts';

const session = {
  id: 'ses_1',
  mcp: {
    url: 'http://localhost:8420/mcp',
    headers: { Authorization: 'Bearer tok' },
    secretUrl: 'http://localhost:8420/mcp/tok',
  },
  expiresAt: '2026-01-02T00:00:00.000Z',
};

/** An app that ends when it is closed; `signal` plays Ctrl-C. */
function fakeApp(more: Partial<RunningApp> = {}) {
  const started: StartOptions[] = [];
  const events: string[] = [];
  const listeners: (() => void)[] = [];
  const ended = Promise.withResolvers<void>();
  const app: RunningApp = {
    origin: 'http://localhost:8420',
    dashboardUrl: 'http://localhost:8420/',
    dataDir: '/data',
    session,
    closed: ended.promise,
    close: async () => {
      events.push('closed');
      ended.resolve();
    },
    ...more,
  };
  const deps: Partial<CliDeps> = {
    startApp: async (options) => {
      started.push(options);
      options.onEvent?.({ event: 'policy.loaded', version: 'v' });
      return app;
    },
    onSignal(listener) {
      listeners.push(listener);
      return () => void listeners.splice(0);
    },
    exitNow: (code) => void events.push(`exit ${code}`),
  };
  return {
    app,
    deps,
    started,
    events,
    ended,
    listeners,
    signal() {
      for (const listener of listeners) listener();
    },
  };
}

/** A stdout that presses Ctrl-C as soon as it has seen this text. */
function stopAt(text: string, signal: () => void) {
  const written: string[] = [];
  return {
    written,
    write(piece: string) {
      written.push(piece);
      if (piece.includes(text)) signal();
    },
  };
}

describe('up --json', () => {
  test('prints ready first, then the events of the start, and ends with 0 after a signal', async () => {
    const { run, dir } = await openTerminal();
    const fake = fakeApp({ apiKey: 'cs_first', enrolUrl: 'http://localhost:8420/enrol#t' });
    const stdout = stopAt('policy.loaded', fake.signal);
    const { code, stderr } = await run(
      'up --json --port 0 --data-dir d --policies p --config c.json --new-enrol-link',
      {
        ...fake.deps,
        stdout,
      },
    );
    expect(code).toBe(0);
    expect(stdout.written.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        event: 'ready',
        origin: 'http://localhost:8420',
        api_key: 'cs_first',
        enrol_url: 'http://localhost:8420/enrol#t',
        session: {
          id: 'ses_1',
          mcp: { url: session.mcp.url, headers: { Authorization: 'Bearer tok' } },
          expires_at: session.expiresAt,
        },
      },
      { event: 'policy.loaded', version: 'v' },
      { event: 'stopped' },
    ]);
    expect(stderr).toContain('Stopping');
    expect(fake.started[0]).toMatchObject({
      port: 0,
      dataDir: join(dir, 'd'),
      policiesDir: join(dir, 'p'),
      configFile: join(dir, 'c.json'),
      newEnrolLink: true,
    });
    expect(fake.listeners).toEqual([]);
  });

  test('leaves out the key and the link when this start made none', async () => {
    const { run } = await openTerminal();
    const fake = fakeApp();
    const stdout = stopAt('ready', fake.signal);
    await run('up --json', { ...fake.deps, stdout });
    expect(Object.keys(JSON.parse(stdout.written[0] ?? '') as object)).toEqual([
      'event',
      'origin',
      'session',
    ]);
  });
});

describe('up', () => {
  test('prints the dashboard, the link, the session and the lines for three clients', async () => {
    const { run } = await openTerminal();
    const fake = fakeApp({ enrolUrl: 'http://localhost:8420/enrol#t' });
    const stdout = stopAt('Ctrl-C stops', fake.signal);
    await run('up', { ...fake.deps, stdout });
    const screen = stdout.written.join('');
    for (const text of [
      'http://localhost:8420/enrol#t',
      'claude mcp add --transport http countersign http://localhost:8420/mcp --header "Authorization: Bearer tok"',
      '{"mcpServers":{"countersign":{"url":"http://localhost:8420/mcp","headers":{"Authorization":"Bearer tok"}}}}',
      `code --add-mcp '{"name":"countersign","type":"http","url":"http://localhost:8420/mcp"`,
      '{"servers":{"countersign":{"type":"http",',
    ]) {
      expect(screen).toContain(text);
    }
    const link = /cursor:\/\/\S+/.exec(screen)?.[0] ?? '';
    const config = new URL(link).searchParams.get('config') ?? '';
    expect(JSON.parse(Buffer.from(config, 'base64').toString())).toEqual({
      url: session.mcp.url,
      headers: session.mcp.headers,
    });
  });

  test('ends at once at the second signal while the first still drains', async () => {
    const { run } = await openTerminal();
    const fake = fakeApp();
    const close = async () => {
      fake.signal();
      fake.ended.resolve();
    };
    const deps = { ...fake.deps, startApp: async () => ({ ...fake.app, close }) };
    await run('up --json', { ...deps, stdout: stopAt('ready', fake.signal) });
    expect(fake.events).toEqual(['exit 130']);
  });

  test('ends with 1 when the gateway ends by a fault', async () => {
    const { run } = await openTerminal();
    const fake = fakeApp();
    fake.ended.reject(new Error('the disk is gone'));
    const { code, stderr } = await run('up --json', fake.deps);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { detail: 'the disk is gone' } });
  });

  test('leaves port and data directory to the configuration when they are not given', async () => {
    const { run } = await openTerminal();
    const fake = fakeApp();
    await run('up', { ...fake.deps, stdout: stopAt('Ctrl-C stops', fake.signal) });
    expect(Object.keys(fake.started[0] ?? {}).sort()).toEqual(['env', 'newEnrolLink', 'onEvent']);
  });

  test('refuses a port that cannot be', async () => {
    const { run } = await openTerminal();
    expect(await run('up --port 65536')).toMatchObject({ code: 2 });
  });
});
