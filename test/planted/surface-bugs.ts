import type { PlantedBug } from './bug.ts';

const PROFILES = ['test/cli/profiles.test.ts'];
const SDK_PAGES = ['test/sdk/docs.test.ts'];
const GUIDE = ['test/api/guide.test.ts'];

/** Defects of what developers and coding agents build on: the SDK's reach, the command line, and the pages. */
export const SURFACE_BUGS: readonly PlantedBug[] = [
  {
    name: 'the key of a profile is sent to another address',
    file: 'src/cli/connection.ts',
    find: 'isGiven || isElsewhere ? {}',
    replace: 'isGiven ? {}',
    tests: PROFILES,
  },
  {
    name: 'the profile in use hides the gateway that runs in this folder',
    file: 'src/cli/connection.ts',
    find: 'isKnownOtherwise || input.url',
    replace: 'input.url',
    tests: PROFILES,
  },
  {
    name: 'removing the profile in use leaves it in use',
    file: 'src/cli/commands/profile.ts',
    find: 'current === name ? undefined : current',
    replace: 'current',
    tests: PROFILES,
  },
  {
    name: 'a server that is there already is replaced without being told to',
    file: 'src/cli/server-entries.ts',
    find: ' && !input.replace) {',
    replace: ' && input.replace) {',
    tests: ['test/cli/server-add.test.ts'],
  },
  {
    name: 'a project that is there already is overwritten',
    file: 'src/cli/commands/init.ts',
    find: "{ flag: 'wx' }",
    replace: "{ flag: 'w' }",
    tests: ['test/cli/init.test.ts'],
  },
  {
    name: 'a name that is far from all others is taken for one of them',
    file: 'src/cli/nearest.ts',
    find: '/ 3)',
    replace: '/ 1)',
    tests: ['test/cli/did-you-mean.test.ts'],
  },
  {
    name: 'completion forgets where in the line it is',
    file: 'src/cli/completion-script.ts',
    find: 'at="$next" ;;',
    replace: 'at="$word" ;;',
    tests: ['test/cli/completion.test.ts'],
  },
  {
    name: 'the pages of the command line tell of an option that is gone',
    file: 'src/cli/commands/session.ts',
    find: "'--call-cap <n>'",
    replace: "'--calls-cap <n>'",
    tests: ['test/cli/reference.test.ts'],
  },
  {
    name: 'the skill names a command that is not there',
    file: 'src/api/guide/skill.ts',
    find: 'countersign approval list --state',
    replace: 'countersign approvals list --status',
    tests: GUIDE,
  },
  {
    name: 'the skill names a route that is not there',
    file: 'src/api/guide/skill.ts',
    find: 'GET /v1/approvals/{id}',
    replace: 'GET /v1/approval/{id}',
    tests: GUIDE,
  },
  {
    name: 'the skill sends an agent to a tool that is not there',
    file: 'src/api/guide/skill.ts',
    find: '"name": "approval_wait"',
    replace: '"name": "wait_approval"',
    tests: ['test/stories/coding-agent.test.ts'],
  },
  {
    name: 'an operation of the API is out of reach of the SDK',
    file: 'src/sdk/health.ts',
    find: "answers('/readyz', options)",
    replace: "answers('/healthz', options)",
    tests: SDK_PAGES,
  },
  {
    name: 'the SDK reads what the API does not send',
    file: 'src/sdk/person.ts',
    find: '.body.person;',
    replace: '.body.human;',
    tests: SDK_PAGES,
  },
  {
    name: 'a call that is not held counts as pending',
    file: 'src/sdk/pending.ts',
    find: "member(content, 'status') === 'pending_approval' && ",
    replace: '',
    tests: ['test/sdk/flow.test.ts', 'test/sdk/approvals.test.ts'],
  },
];
