import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { reviewHash } from '../../src/cli/tool-change.ts';
import { definitionHash, TOOL_LOCK_FORMAT } from '../../src/core/tool-definition.ts';
import { json, page, startFakeGateway } from '../sdk/fake-gateway.ts';
import { openTerminal } from './run-command.ts';

const PAY = { name: 'pay', description: 'Moves money.', inputSchema: { type: 'object' } };
const TAGS = '\u{e0068}\u{e0069}';
const CHANGED = { ...PAY, description: `Moves money${TAGS} anywhere.`, title: 'Pay' };
const OTHER = { ...CHANGED, title: 'P' };
const LIST = { name: 'list', inputSchema: {} };

function wireTool(pinned: object | null, offered: { name: string }, more: object = {}) {
  const hash = definitionHash(offered as never);
  const pinnedHash = pinned === null ? null : definitionHash(pinned as never);
  return {
    server: 'bank',
    tool: offered.name,
    exposed: `b_${offered.name}`,
    state: hash === pinnedHash ? 'active' : 'quarantined',
    hash,
    definition: { ...offered, name: `b_${offered.name}` },
    pinned_hash: pinnedHash,
    pinned_definition: pinned,
    ...more,
  };
}

async function setUp(tools: object[]) {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const terminal = await openTerminal({ COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' });
  const bank = { name: 'bank', kind: 'stdio', state: 'ready', tools: 1, quarantined: 0 };
  gateway.on('GET /v1/servers', page([bank]));
  gateway.on('GET /v1/servers/bank/tools', page(tools));
  for (const tool of ['pay', 'list']) gateway.on(`POST /v1/servers/bank/tools/${tool}/accept`, json(200, {}));
  const accepted = () => gateway.seen.flatMap((one) => (one.body === undefined ? [] : [one.body]));
  return { gateway, accepted, ...terminal };
}

describe('server diff', () => {
  test('shows a changed text word by word, with what a terminal hides written out and counted', async () => {
    const { run } = await setUp([wireTool(PAY, CHANGED)]);
    const { stdout } = await run('server diff bank pay');
    expect(stdout.split('\n')).toEqual([
      'bank/pay has changed and is quarantined',
      '  /description',
      '  - "Moves money."',
      '  + "Moves money\\udb40\\udc68\\udb40\\udc69 anywhere."',
      '  ~ Moves money{+\\udb40\\udc68\\udb40\\udc69 anywhere+}.',
      '  /title',
      '  + "Pay"',
      '  ! 2 hidden characters in this definition, written as \\u…',
      `  countersign server accept bank pay --hash ${definitionHash(CHANGED)}`,
      `  countersign server refuse bank pay --hash ${definitionHash(CHANGED)}`,
      '',
    ]);
  });

  test('says of a tool that was never accepted, and of one whose name is taken, what it is', async () => {
    const taken = wireTool(LIST, LIST, { state: 'quarantined' });
    const { run } = await setUp([wireTool(null, PAY), taken]);
    const { stdout } = await run('server diff bank');
    expect(stdout).toContain(
      'bank/pay was never accepted and is quarantined\n  /description\n  + "Moves money."',
    );
    expect(stdout).toContain('bank/list is quarantined: its name b_list is claimed by two servers');
    expect(stdout).not.toContain('--all');
  });
});

const REFUSAL = { by: 'person:per_1\u001b', at: '2026-01-01T00:00:00.000Z', reason: 'no\nmail' };
const REFUSED = wireTool(PAY, CHANGED, { state: 'refused', refusal: REFUSAL });
const HEAD = 'bank/pay was refused by person:per_1⟦U+001B⟧ at 2026-01-01T00:00:00.000Z: no⟦U+000A⟧mail';

describe('what was refused', () => {
  test('stands in a line after what waits for a review, and whole when it is named, without a command to refuse it', async () => {
    const { run } = await setUp([REFUSED, wireTool(null, LIST)]);
    const { stdout } = await run('server diff bank');
    expect(stdout).toMatch(/^bank\/list was never accepted/);
    expect(stdout).toContain(`\n${HEAD}\n  countersign server diff bank pay\n`);
    expect(stdout).not.toContain('--all');
    const lines = (await run('server diff bank pay')).stdout.trimEnd().split('\n');
    expect([lines[0], lines[1], lines.at(-1)]).toEqual([
      HEAD,
      '  /description',
      `  countersign server accept bank pay --hash ${definitionHash(CHANGED)}`,
    ]);
    expect((await run('server diff bank pay --json')).json()).toMatchObject([
      { data: [{ tool: 'pay', state: 'refused', refusal: REFUSAL, changes: expect.anything() }] },
    ]);
  });

  test('is not accepted with all the rest', async () => {
    const { run, accepted } = await setUp([REFUSED, wireTool(null, LIST)]);
    const hash = reviewHash([{ server: 'bank', tool: 'list', hash: definitionHash(LIST) }]);
    expect((await run(`server accept bank --all --hash ${hash}`)).code).toBe(0);
    expect(accepted()).toEqual([{ hash: definitionHash(LIST) }]);
  });

  test('is counted apart in the list of servers', async () => {
    const { run, gateway } = await setUp([]);
    const bank = { name: 'bank', kind: 'stdio', state: 'ready', tools: 3, quarantined: 1, refused: 2 };
    gateway.on('GET /v1/servers', page([bank]));
    const [header, row] = (await run('server list')).stdout.split('\n');
    expect(header).toMatch(/TOOLS +QUARANTINED +REFUSED +PROBLEM/);
    expect(row).toMatch(/3 +1 +2$/);
  });
});

describe('server refuse', () => {
  test('sends the hash that was reviewed, and the reason if there is one', async () => {
    const { run, gateway, accepted } = await setUp([]);
    gateway.on('POST /v1/servers/bank/tools/pay/refuse', json(200, {}));
    expect((await run('server refuse bank pay')).code).toBe(2);
    expect((await run('server refuse bank --hash x')).code).toBe(2);
    const { code, stdout } = await run([
      'server',
      'refuse',
      'bank',
      'pay',
      '--hash',
      'x',
      '--reason',
      'No mail.',
    ]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Refused bank\/pay as x; it stays shut/)]);
    expect((await run('server refuse bank pay --hash y --json')).json()).toEqual([
      { server: 'bank', tool: 'pay', hash: 'y' },
    ]);
    expect(accepted()).toEqual([{ hash: 'x', reason: 'No mail.' }, { hash: 'y' }]);
  });
});

describe('server accept --all', () => {
  const tools = [wireTool(PAY, CHANGED), wireTool(null, LIST)];

  test('accepts exactly what was shown, each tool by its hash, and sums up', async () => {
    const { run, accepted } = await setUp(tools);
    const line = /server accept bank --all --hash sha256:[0-9a-f]{64}/.exec(
      (await run('server diff bank')).stdout,
    );
    const { code, stdout } = await run(line?.[0] ?? '');
    expect(code).toBe(0);
    expect(accepted()).toEqual([{ hash: definitionHash(CHANGED) }, { hash: definitionHash(LIST) }]);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      '2 tools of bank: 3 members added, 1 changed, 0 removed',
    );
  });

  test('accepts nothing when anything is different from what was shown', async () => {
    const { run, accepted, gateway } = await setUp(tools);
    const line = /server accept bank --all .*/.exec((await run('server diff bank')).stdout)?.[0] ?? '';
    gateway.on('GET /v1/servers/bank/tools', page([wireTool(PAY, OTHER), tools[1] as object]));
    const { code, stderr } = await run(line);
    expect(code).toBe(1);
    expect(stderr).toContain('Look again: countersign server diff bank');
    expect(accepted()).toEqual([]);
  });

  test('takes either one tool or --all', async () => {
    const { run, accepted } = await setUp(tools);
    for (const words of ['server accept bank --hash x', 'server accept bank pay --all --hash x']) {
      const { code, stderr } = await run(words);
      expect([code, stderr]).toEqual([2, expect.stringContaining('Name one tool, or give --all')]);
    }
    expect(accepted()).toEqual([]);
  });
});

describe('server lock', () => {
  const LINE = 'server lock --out countersign.lock.json';

  test('writes what is accepted, hidden characters written out, and leaves out what never was', async () => {
    const pinned = { ...PAY, description: `Moves${TAGS} money.` };
    const { run, dir } = await setUp([wireTool(pinned, CHANGED), wireTool(null, LIST)]);
    const { code, stdout, stderr } = await run(LINE);
    expect([code, stderr]).toEqual([0, 'Left out, as they were never accepted: bank/list\n']);
    expect(stdout).toBe(`Locked 1 tools in ${join(dir, 'countersign.lock.json')}\n  + bank/pay\n`);
    const text = await readFile(join(dir, 'countersign.lock.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({
      lock: TOOL_LOCK_FORMAT,
      servers: { bank: { pay: { hash: definitionHash(pinned), definition: pinned } } },
    });
    expect(text).toContain('Moves\\udb40\\udc68\\udb40\\udc69 money.');
  });

  test('with --offered writes what is offered now, and tells what is different from the file before', async () => {
    const { run, dir } = await setUp([wireTool(PAY, CHANGED), wireTool(null, LIST)]);
    await run(LINE);
    const { stdout, stderr } = await run(`${LINE} --offered`);
    expect(stdout.split('\n').slice(1)).toEqual(['  + bank/list', '  ~ bank/pay', '']);
    expect(stderr).toContain('Review the file');
    const text = await readFile(join(dir, 'countersign.lock.json'), 'utf8');
    expect(JSON.parse(text).servers.bank.pay).toEqual({ hash: definitionHash(CHANGED), definition: CHANGED });
  });

  test('writes nothing over a file that is no lock, of a server that is down, or with a hash that is wrong', async () => {
    const { run, dir, gateway } = await setUp([wireTool(PAY, PAY)]);
    const file = join(dir, 'countersign.lock.json');
    await writeFile(file, '{"name":"precious"}');
    expect((await run(LINE)).stderr).toContain('exists and is no lock file');
    expect(await readFile(file, 'utf8')).toBe('{"name":"precious"}');
    const wrong = { ...wireTool(PAY, PAY), pinned_hash: definitionHash(LIST) };
    gateway.on('GET /v1/servers/bank/tools', page([wrong]));
    expect((await run('server lock --out other.json')).stderr).toContain('does not have the hash');
    gateway.on(
      'GET /v1/servers',
      page([{ name: 'bank', kind: 'stdio', state: 'down', problem: 'no answer' }]),
    );
    expect((await run('server lock --out other.json')).stderr).toContain('"bank" is down');
    await expect(readFile(join(dir, 'other.json'))).rejects.toThrow('ENOENT');
  });
});
