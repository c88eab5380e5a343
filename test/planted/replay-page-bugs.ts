import type { PlantedBug } from './bug.ts';

const BOUNDED = ['test/evidence/recorded/replay-bounded.test.ts'];
const API = ['test/api/policies.test.ts', 'test/api/policy-replay.test.ts'];
const MODEL = ['test/dashboard/replay-model.test.ts'];
const PAGE = ['test/stories/browser-replay.test.ts'];

/** Defects of what people are told by a replay, of the card that asks for it, and of denying many calls at once. */
export const REPLAY_PAGE_BUGS: readonly PlantedBug[] = [
  {
    name: 'replay for people: what is hidden is judged all the same',
    file: 'src/policy/recorded-call.ts',
    find: "  if (reads(needs, hidden)) return 'redacted';\n",
    replace: '',
    tests: BOUNDED,
  },
  {
    name: 'replay for people: whole arguments are no way to a hidden one',
    file: 'src/policy/redact.ts',
    find: 'return a.slice(0, shared).every((key, at) => key === b[at]);',
    replace: 'return a.length > 0 && a.slice(0, shared).every((key, at) => key === b[at]);',
    tests: BOUNDED,
  },
  {
    name: 'replay for people: a loop reads only what it names',
    file: 'src/policy/recorded-call.ts',
    find: "paths: loops ? [[]] : conditions.flatMap(({ ast }) => pathsFrom('args', ast)),",
    replace: "paths: conditions.flatMap(({ ast }) => pathsFrom('args', ast)),",
    tests: BOUNDED,
  },
  {
    name: 'replay for people: a key that is computed leads past the redaction',
    file: 'src/policy/expression.ts',
    find: "return key.op === 'value' ? [...outer, String(key.args)] : 'any';",
    replace: "return key.op === 'value' ? [...outer, String(key.args)] : [...outer, '*'];",
    tests: BOUNDED,
  },
  {
    name: 'replay for people: only what is redacted now is hidden',
    file: 'src/evidence/recorded/read-hidden.ts',
    find: '...hiddenBy(then, target), ',
    replace: '',
    tests: BOUNDED,
  },
  {
    name: 'replay for people: only what was redacted then is hidden',
    file: 'src/evidence/recorded/read-hidden.ts',
    find: '...hiddenBy(now, target), ',
    replace: '',
    tests: BOUNDED,
  },
  {
    name: 'replay for people: an unknown policy hid nothing',
    file: 'src/evidence/recorded/read-hidden.ts',
    find: "if (then === undefined) return 'all';",
    replace: 'if (then === undefined) return hiddenBy(now, target);',
    tests: BOUNDED,
  },
  {
    name: 'replay for people: what an approval hid is forgotten',
    file: 'src/evidence/recorded/read-hidden.ts',
    find: ', ...told];',
    replace: '];',
    tests: BOUNDED,
  },
  {
    name: 'replay for people: older calls than the newest are read',
    file: 'src/evidence/recorded/replay-policy.ts',
    find: 'const from = Math.max(early, oldest ?? 0);',
    replace: 'const from = early;',
    tests: BOUNDED,
  },
  {
    name: 'replay for people: nobody is told that older calls were left out',
    file: 'src/evidence/recorded/replay-policy.ts',
    find: 'start > first ? await countJudged(database, { from: first, to: start }) : 0',
    replace: '0',
    tests: BOUNDED,
  },
  {
    name: 'replay: an answer is given though the ledger does not have it',
    file: 'src/evidence/recorded/replay-policy.ts',
    find: '  await deps.ledger.commit({ then: [], entries: [replayedEntry(request, plan)] });\n',
    replace:
      '  await deps.ledger.commit({ then: [], entries: [replayedEntry(request, plan)] }).catch(() => undefined);\n',
    tests: BOUNDED,
  },
  {
    name: 'replay: the ledger does not say that somebody asked',
    file: 'src/evidence/recorded/replay-policy.ts',
    find: 'entries: [replayedEntry(request, plan)] });',
    replace: 'entries: [replayedEntry(request, plan)].slice(1) });',
    tests: API,
  },
  {
    name: 'replay: one that was refused keeps its place',
    file: 'src/api/routes/policies-recorded.ts',
    find: '    } catch (error) {\n      running.delete(place);\n',
    replace: '    } catch (error) {\n',
    tests: API,
  },
  {
    name: 'replay: a person is told what an operator’s key is told',
    file: 'src/api/routes/policies-recorded.ts',
    find: "bounded: principal.kind !== 'api_key',",
    replace: 'bounded: false,',
    tests: API,
  },
  {
    name: 'policy files: whoever reads has their texts',
    file: 'src/api/routes/policies.ts',
    find: "      requireAny(c, ['operator']);\n",
    replace: '      requireAny(c);\n',
    tests: ['test/api/roles.test.ts'],
  },
  {
    name: 'page: a report without a judged call says that nothing changes',
    file: 'src/dashboard/browser/model/candidate.ts',
    find: 'if (judged === 0) return',
    replace: 'if (judged < 0) return',
    tests: MODEL,
  },
  {
    name: 'page: files of tests are taken for policy',
    file: 'src/dashboard/browser/model/candidate.ts',
    find: ' && !/_test\\.ya?ml$/.test(name)',
    replace: '',
    tests: MODEL,
  },
  {
    name: 'page: what becomes less strict is taken for what becomes stricter',
    file: 'src/dashboard/browser/model/candidate.ts',
    find: 'return EFFECTS.indexOf(to) < EFFECTS.indexOf(from);',
    replace: 'return EFFECTS.indexOf(to) > EFFECTS.indexOf(from);',
    tests: MODEL,
  },
  {
    name: 'page: faulty files are replayed',
    file: 'src/dashboard/browser/replay-files.ts',
    find: '      if (!check.ok) return;\n',
    replace: '',
    tests: PAGE,
  },
  {
    name: 'page: what was found about the files before stays beside those of now',
    file: 'src/dashboard/browser/replay-files.ts',
    find: '    running.current = undefined;\n    found.value = NOTHING;\n',
    replace: '    running.current = undefined;\n',
    tests: PAGE,
  },
  {
    name: 'page: a replay that was stopped is told as one that failed',
    file: 'src/dashboard/browser/replay-files.ts',
    find: 'if (!signal.aborted) found.value = { ...found.value, ...more };',
    replace: 'found.value = { ...found.value, ...more };',
    tests: PAGE,
  },
  {
    name: 'page: many calls are denied without a reason',
    file: 'src/dashboard/browser/parts/batch-dialog.tsx',
    find: "missing.value = reason.value.trim() === '';",
    replace: 'missing.value = false;',
    tests: PAGE,
  },
  {
    name: 'page: the timeline of a call names people by their ids',
    file: 'src/dashboard/browser/parts/around-call.tsx',
    find: '<TextOf text={name ?? principal} />',
    replace: '<TextOf text={principal} />',
    tests: PAGE,
  },
];
