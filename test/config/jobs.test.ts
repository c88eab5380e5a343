import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { temporaryFolder } from '../support/downstreams/harness.ts';

function load(jobs: readonly string[], env: Record<string, string> = {}) {
  const folder = temporaryFolder();
  const configFile = join(folder, 'countersign.yaml');
  writeFileSync(configFile, ['mcp_servers: { lab: { command: node } }', 'jobs:', ...jobs].join('\n'));
  const { jobKeepMs, jobPairs } = loadConfig({ configFile, dataDir: join(folder, 'data'), env });
  return { jobKeepMs, jobPairs };
}

const pair = (text: string): string[] => ['  pairs:', `    - { ${text} }`];

it('a pair needs a server, two tools and where the work is named; the rest has defaults', () => {
  const { jobKeepMs, jobPairs } = load(pair('server: lab, start: study, poll: status, id: /job/id'));
  expect(jobKeepMs).toBe(LIMITS.jobKeepDefaultMs);
  expect(jobPairs).toMatchObject([
    {
      server: 'lab',
      start: 'study',
      poll: 'status',
      cancel: undefined,
      argument: 'id',
      state: '/status',
      everyMs: LIMITS.jobPollDefaultMs,
    },
  ]);
  expect(jobPairs[0]?.ends.completed).toContain('succeeded');
});

it('all of it can be said, and the environment says how long jobs are kept', () => {
  const text =
    'server: lab, start: a, poll: b, cancel: c, id: /x, argument: job, state: /s, completed: [OK, 1], failed: bad, every: 5s';
  const loaded = load(['  keep: 2d', ...pair(text)], { COUNTERSIGN_JOBS_KEEP: '1h' });
  expect(loaded.jobKeepMs).toBe(3_600_000);
  const [found] = loaded.jobPairs;
  expect(found).toMatchObject({ cancel: 'c', argument: 'job', state: '/s', everyMs: 5_000 });
  expect(found?.ends).toMatchObject({ completed: ['ok', '1'], failed: ['bad'] });
});

it.each([
  [pair('server: lab, start: a, poll: b'), ':4: jobs.pairs[0]: expected "id", a JSON pointer'],
  [pair('server: lab, start: a, poll: b, id: job'), ':4: jobs.pairs[0].id: expected a JSON pointer'],
  [pair('server: other, start: a, poll: b, id: /x'), 'server: expected one of the servers: lab'],
  [pair('server: lab, start: a, poll: b, id: /x, pol: c'), 'pol: unknown key; did you mean "poll"?'],
  [pair('server: lab, start: a, poll: b, id: /x, every: 2h'), 'every: expected a time such as "2s"'],
  [pair('server: lab, start: a, poll: b, id: /x, completed: [[]]'), 'completed: expected a word'],
  [pair('server: lab, start: 3, poll: b, id: /x'), 'start: expected a text'],
  [['  pairs: {}'], ':3: jobs.pairs: expected a list'],
  [['  keep: soon'], 'jobs.keep: expected a time'],
  [
    [...pair('server: lab, start: a, poll: b, id: /x'), '    - { server: lab, start: a, poll: c, id: /x }'],
    ':5: jobs.pairs[1].start: the same tool as jobs.pairs[0]',
  ],
])('what is wrong is named with file and line: %j', (jobs, problem) => {
  expect(() => load(jobs)).toThrow(problem);
});
