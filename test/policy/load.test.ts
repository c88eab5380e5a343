import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { policyVersion } from '../../src/policy/compile.ts';
import { createPolicyStore, type Debounce, loadPolicy } from '../../src/policy/load.ts';
import { call } from './fixtures.ts';

const ALLOW = 'version: 1\nrules:\n  - { id: a, match: { tools: ["*"] }, effect: allow }\n';
const DENY = ALLOW.replace('allow', 'deny');

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'policy-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFile(join(dir, name), text);

describe('loading a directory', () => {
  it('reads every policy file in the order of names and leaves tests, other files and folders alone', async () => {
    await write('b.yaml', ALLOW);
    await write('a.yml', 'version: 1\n');
    await write('b_test.yaml', 'nonsense: [');
    await write('notes.txt', 'nonsense: [');
    await mkdir(join(dir, 'c.yaml'));
    const policy = await loadPolicy(dir);
    expect(policy.files).toEqual(['a.yml', 'b.yaml']);
    expect(policy.version).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('refuses a missing directory and says what to do', async () => {
    await expect(loadPolicy(join(dir, 'none'))).rejects.toMatchObject({
      code: 'policy_invalid',
      message: expect.stringContaining('Create it with at least one *.yaml'),
    });
  });

  it('refuses an empty directory', async () => {
    await expect(loadPolicy(dir)).rejects.toMatchObject({
      code: 'policy_invalid',
      message: expect.stringContaining('holds no *.yaml'),
    });
  });

  it('refuses all files for one bad one and lists every problem with its place', async () => {
    await write('a.yaml', ALLOW);
    await write('b.yaml', 'version: 2\nrules:\n  - id: b\n    mach: { tools: ["*"] }\n    effect: alow\n');
    await write(
      'c.yaml',
      'version: 1\nrules:\n  - { id: c, match: { tools: ["*"] }, effect: hold, when: arg.x }\n',
    );
    const error = await loadPolicy(dir).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'policy_invalid' });
    const { message } = error as Error;
    expect(message).toContain('b.yaml:1:10: version: expected version: 1');
    expect(message).toContain('b.yaml:3:5: rules[0].match is missing: expected a block with tools:');
    expect(message).toContain('b.yaml:4:5: unknown key "rules[0].mach". Did you mean "match"?');
    expect(message).toContain('b.yaml:5:13: rules[0].effect: expected allow, hold or deny');
    expect(message).toContain('c.yaml:3:59: rule c: when: Unknown variable: arg. Did you mean "args"?');
  });

  it('checks the arguments against the tools that are known', async () => {
    await write(
      'a.yaml',
      'version: 1\nrules:\n  - { id: a, match: { tools: [pay] }, effect: hold, when: args.amont > 1 }\n',
    );
    const definition = { inputSchema: { type: 'object', properties: { amount: { type: 'integer' } } } };
    await expect(loadPolicy(dir, [{ server: 'shop', tool: 'pay', definition }])).rejects.toMatchObject({
      message: expect.stringContaining('args.amont is no argument of shop/pay. Did you mean "amount"?'),
    });
  });
});

describe('the version of a policy', () => {
  const files = [
    { name: 'a', text: '1' },
    { name: 'b', text: '2' },
  ];

  it('does not depend on the order in which files are read', () => {
    expect(policyVersion([...files].reverse())).toBe(policyVersion(files));
  });

  it('changes with every name and every byte', () => {
    const others = [
      [{ name: 'a', text: '1' }],
      [
        { name: 'a', text: '12' },
        { name: 'b', text: '' },
      ],
      [
        { name: 'a', text: '1' },
        { name: 'c', text: '2' },
      ],
    ];
    const versions = new Set([files, ...others].map(policyVersion));
    expect(versions.size).toBe(4);
  });
});

describe('the policy in force', () => {
  it('is replaced as a whole by a reload', async () => {
    await write('a.yaml', ALLOW);
    const loaded: string[] = [];
    const store = await createPolicyStore({ dir, onLoaded: (policy) => void loaded.push(policy.version) });
    const before = store.current();
    expect(before.evaluate(call()).effect).toBe('allow');
    await write('a.yaml', DENY);
    expect(await store.reload()).toBe(true);
    expect(store.current().evaluate(call()).effect).toBe('deny');
    expect(before.evaluate(call()).effect).toBe('allow');
    expect(loaded).toEqual([before.version, store.current().version]);
    store.close();
  });

  it('stays when a reload finds a problem, and the problem is told', async () => {
    await write('a.yaml', ALLOW);
    const problems: unknown[] = [];
    const store = await createPolicyStore({ dir, onProblem: (error) => problems.push(error) });
    await write('a.yaml', 'version: 1\nrules: [');
    expect(await store.reload()).toBe(false);
    expect(store.current().evaluate(call()).effect).toBe('allow');
    expect(problems).toMatchObject([{ code: 'policy_invalid' }]);
    await rm(dir, { recursive: true });
    expect(await store.reload()).toBe(false);
    expect(problems).toHaveLength(2);
    store.close();
  });

  it('stays when the new one cannot be written to the ledger', async () => {
    await write('a.yaml', ALLOW);
    const problems: unknown[] = [];
    let full = false;
    const store = await createPolicyStore({
      dir,
      onLoaded() {
        if (full) throw new Error('disk full');
      },
      onProblem: (error) => problems.push(error),
    });
    full = true;
    await write('a.yaml', DENY);
    expect(await store.reload()).toBe(false);
    expect(store.current().evaluate(call()).effect).toBe('allow');
    expect(problems).toHaveLength(1);
    store.close();
  });

  it('is told once when nothing changed', async () => {
    await write('a.yaml', ALLOW);
    let times = 0;
    const store = await createPolicyStore({ dir, onLoaded: () => void times++ });
    expect(await store.reload()).toBe(false);
    expect(times).toBe(1);
    store.close();
  });

  it('is what was compiled ahead only as long as the files are the same', async () => {
    await write('a.yaml', ALLOW);
    const known = await loadPolicy(dir);
    const same = await createPolicyStore({ dir, known });
    expect(same.current()).toBe(known);
    same.close();
    await write('a.yaml', DENY);
    const changed = await createPolicyStore({ dir, known });
    expect(changed.current().evaluate(call()).effect).toBe('deny');
    changed.close();
    await write('a.yaml', ALLOW);
    await write('b.yaml', DENY.replaceAll('id: ', 'id: b-'));
    const more = await createPolicyStore({ dir, known });
    expect(more.current().files).toEqual(['a.yaml', 'b.yaml']);
    more.close();
  });

  it('does not start without a valid policy', async () => {
    await write('a.yaml', 'version: 1\nrulez: []\n');
    await expect(createPolicyStore({ dir })).rejects.toMatchObject({ code: 'policy_invalid' });
  });

  it('follows a change of a file once the directory is quiet', async () => {
    await write('a.yaml', ALLOW);
    const changed = Promise.withResolvers<string>();
    let started = false;
    const scheduled = Promise.withResolvers<() => void>();
    const debounce: Debounce = (task) => {
      scheduled.resolve(task);
      return () => {};
    };
    const store = await createPolicyStore({
      dir,
      watch: true,
      debounce,
      onLoaded(policy) {
        if (started) changed.resolve(policy.version);
        started = true;
      },
    });
    await write('a.yaml', DENY);
    const task = await scheduled.promise;
    expect(store.current().evaluate(call()).effect).toBe('allow');
    await write('a.yaml', DENY);
    task();
    await changed.promise;
    await store.reload();
    expect(store.current().evaluate(call()).effect).toBe('deny');
    store.close();
  });
});
