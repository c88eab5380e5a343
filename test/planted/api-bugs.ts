import type { PlantedBug } from './bug.ts';

const IDEMPOTENCY = ['test/api/idempotency.test.ts'];
const ALLOWANCE = ['test/api/rate/allowance.test.ts'];
const RATES = ['test/api/rate-limits.test.ts'];
const FUZZ = ['test/api/fuzz.test.ts'];
const REFERENCE = ['test/api/reference.test.ts'];
const ONCE = 'src/api/idempotency/answer-once.ts';

/** Defects of what every route of the API shares. */
export const API_BUGS: readonly PlantedBug[] = [
  {
    name: 'a second request under one key is carried out too',
    file: ONCE,
    find: "      if (taken.kind === 'refused') {",
    replace: "      if (taken.kind === 'refused' && key === '') {",
    tests: IDEMPOTENCY,
  },
  {
    name: 'another body under the same key gets the first answer',
    file: ONCE,
    find: 'if (first !== undefined && first.digest !== digest) {',
    replace: 'if (first !== undefined && first.digest === "") {',
    tests: IDEMPOTENCY,
  },
  {
    name: 'a refusal keeps its key taken',
    file: ONCE,
    find: 'if (passing || wasNotDone(c)) await',
    replace: 'if (passing) await',
    tests: IDEMPOTENCY,
  },
  {
    name: 'callers share their keys',
    file: ONCE,
    find: 'principal: principalRef(principal), key }',
    replace: "principal: 'anybody', key }",
    tests: IDEMPOTENCY,
  },
  {
    name: 'a request whose answer was lost is carried out again',
    file: ONCE,
    find: 'if (first !== undefined && !underWay.has(nameOf(owner))) throw lost();',
    replace: '',
    tests: IDEMPOTENCY,
  },
  {
    name: 'answers with secrets are kept in clear',
    file: 'src/api/idempotency/answer.ts',
    find: "return sealText(sealing, { context: nameOf(owner), text }).toString('base64');",
    replace: 'sealText(sealing, { context: nameOf(owner), text: "" });\n  return text;',
    tests: IDEMPOTENCY,
  },
  {
    name: 'a refused request takes from the allowance',
    file: 'src/api/rate/allowance.ts',
    find: 'const used = isAllowed ? next : busyUntil;',
    replace: 'const used = next;',
    tests: ALLOWANCE,
  },
  {
    name: 'an unused allowance grows without bound',
    file: 'src/api/rate/allowance.ts',
    find: 'Math.max(freeAt ?? now, now)',
    replace: '(freeAt ?? now)',
    tests: ALLOWANCE,
  },
  {
    name: 'one caller uses up what all may use',
    file: 'src/api/authenticate.ts',
    find: 'limiter.takeFrom(c, principalRef(principal))',
    replace: "limiter.takeFrom(c, 'all')",
    tests: RATES,
  },
  {
    name: 'guesses at keys are not counted',
    file: 'src/api/authenticate.ts',
    find: 'if (principal === undefined) limiter.takeFromStranger(c);',
    replace: 'if (principal === undefined) c.header("x-none", "1");',
    tests: RATES,
  },
  {
    name: 'text that cannot be kept is a fault of the gateway',
    file: 'src/storage/libsql-statements.ts',
    find: "      'invalid_request',\n      'A text",
    replace: "      'internal',\n      'A text",
    tests: FUZZ,
  },
  {
    name: 'the reference leaves out the last operation of each path',
    file: 'src/api/reference/page.ts',
    find: 'of Object.entries<Json>(methods)) {',
    replace: 'of Object.entries<Json>(methods).slice(0, 1)) {',
    tests: REFERENCE,
  },
  {
    name: 'an export shows a token that may still be used',
    file: 'src/evidence/write-export.ts',
    find: '.length > 0 && !isUsable(entry)',
    replace: '.length > 0',
    tests: ['test/stories/canaries.test.ts'],
  },
];
