import type { PlantedBug } from './bug.ts';

const SEARCH = ['test/ledger/search.test.ts'];
const FORMATS = ['test/ledger/formats.test.ts'];
const TIMELINE = ['test/sdk/timeline.test.ts'];
const CLI = ['test/cli/logs-timeline.test.ts'];
const API = ['test/api/logs-search.test.ts'];
const METRICS = ['test/observe/metrics.test.ts'];
const TRACING = ['test/observe/tracing.test.ts'];

/** Defects of finding, telling and exporting entries, and of what operators measure and trace. */
export const LOG_BUGS: readonly PlantedBug[] = [
  {
    name: 'a refused change makes its action known',
    file: 'src/ledger/append.ts',
    find: "known.add(items.filter((_, index) => results[index]?.kind === 'applied'));",
    replace: 'known.add(items);',
    tests: SEARCH,
  },
  {
    name: 'the reason of a signed decision is not found',
    file: 'src/ledger/words.ts',
    find: "  if (type === 'approval.decided') parts.push(signedReason(body) ?? '');\n",
    replace: '',
    tests: SEARCH,
  },
  {
    name: 'a search is satisfied by one of its words',
    file: 'src/ledger/search/store.ts',
    find: 'choices.filter((choice) => choice !== start)',
    replace: 'choices.filter((choice) => choice !== start && choice.sources === undefined)',
    tests: SEARCH,
  },
  {
    name: 'an entry with two of the words is found twice',
    file: 'src/ledger/search/store.ts',
    find: 'const bySeq = new Map([...found, ...rows].map((row) => [row.seq, row]));',
    replace: 'const bySeq = new Map([...found, ...rows].map((row, index) => [index, row]));',
    tests: SEARCH,
  },
  {
    name: 'a page of several sources leaves out what the later ones found',
    file: 'src/ledger/search/store.ts',
    find: "[order === 'asc' ? 'to' : 'from']: Number(worst.seq)",
    replace: "[order === 'asc' ? 'to' : 'from']: Number(found[0]?.seq)",
    tests: SEARCH,
  },
  {
    name: 'a resource is taken for a tool',
    file: 'src/ledger/words.ts',
    find: "if (slash < 0 || action.startsWith('resource:') || action.startsWith('prompt:')) return undefined;",
    replace: 'if (slash < 0) return undefined;',
    tests: SEARCH,
  },
  {
    name: 'verdicts inside a body are not found',
    file: 'src/ledger/search/plan/store.ts',
    find: 'sources: own === undefined ? [judged] : [judged, ...oneOf',
    replace: 'sources: own === undefined ? [judged] : [...oneOf',
    tests: SEARCH,
  },
  {
    name: 'a subscription by label passes every session on',
    file: 'src/ledger/subscribe.ts',
    find: 'if (entry.seq <= last || !(await isOfAgent(database, filter, entry))) continue;',
    replace: 'if (entry.seq <= last) continue;',
    tests: [...SEARCH, ...API],
  },
  {
    name: 'a narrowed session loses its labels',
    file: 'src/ledger/words.ts',
    find: "if (type !== 'session.minted' && type !== 'session.narrowed') return [];",
    replace: "if (type !== 'session.minted') return [];",
    tests: SEARCH,
  },
  {
    name: 'a formula in CSV after white space is left alone',
    file: 'src/ledger/formats/csv.ts',
    find: '/^[\\s\\0]*[=+',
    replace: '/^[=+',
    tests: FORMATS,
  },
  {
    name: 'a quote ends a cell of CSV',
    file: 'src/ledger/formats/csv.ts',
    find: ".replaceAll('\"', '\"\"')",
    replace: '',
    tests: FORMATS,
  },
  {
    name: 'an equals sign begins a field of CEF',
    file: 'src/ledger/formats/cef.ts',
    find: "    .replace(/[\\\\=]/g, '\\\\$&')\n",
    replace: "    .replace(/[\\\\]/g, '\\\\$&')\n",
    tests: FORMATS,
  },
  {
    name: 'an export never ends while entries are written',
    file: 'src/ledger/formats/write-lines.ts',
    find: '.filter(({ seq }) => seq < end)',
    replace: '.filter(({ seq }) => seq < end + 100)',
    tests: FORMATS,
  },
  {
    name: 'an export that a stop cuts off looks whole',
    file: 'src/ledger/formats/write-lines.ts',
    find: 'if (deps.closing.aborted)\n',
    replace: 'if (deps.closing.aborted) return;\n      if (deps.closing.aborted)\n',
    tests: FORMATS,
  },
  {
    name: 'an export in another format ignores its filter',
    file: 'src/api/routes/export.ts',
    find: 'writeLines(deps, { filter, format })',
    replace: 'writeLines(deps, { filter: {}, format })',
    tests: API,
  },
  {
    name: 'the wait of a quorum ends with its first decision',
    file: 'src/sdk/timeline.ts',
    find: 'item.waitedMs = between(at.asked, ts);',
    replace: 'item.waitedMs ??= between(at.asked, ts);',
    tests: TIMELINE,
  },
  {
    name: 'what began before the asked time is told in part',
    file: 'src/sdk/read-timeline.ts',
    find: 'const isWhole = group.some(({ type }) => FIRST.has(type)) && group',
    replace: 'const isWhole = group',
    tests: TIMELINE,
  },
  {
    name: 'a time of day means tomorrow’s',
    file: 'src/cli/zoned-time.ts',
    find: 'return at <= now ? at : atWall({ ...fields, day: fields.day - 1 }, zone);',
    replace: 'return at;',
    tests: CLI,
  },
  {
    name: 'a time that comes twice is the second one',
    file: 'src/cli/zoned-time.ts',
    find: '.sort((a, b) => b - a);\n  const right',
    replace: '.sort((a, b) => a - b);\n  const right',
    tests: CLI,
  },
  {
    name: 'what a person wrote moves the cursor of a timeline',
    file: 'src/cli/timeline-lines.ts',
    find: 'const text = oneLine(',
    replace: 'const text = String(',
    tests: CLI,
  },
  {
    name: 'what policy allowed at once counts as a decision',
    file: 'src/observe/metrics.ts',
    find: "if (approval === undefined || body.basis === 'policy') return;",
    replace: 'if (approval === undefined) return;',
    tests: METRICS,
  },
  {
    name: 'a condition that fails is not counted',
    file: 'src/app/open-policy.ts',
    find: "if (verdict.failed !== undefined) failed('evaluate');",
    replace: 'if (verdict.failed === undefined) return verdict;',
    tests: METRICS,
  },
  {
    name: 'a server is told the trace of the agent and not of the gateway',
    file: 'src/gate/forward.ts',
    find: 'traced === undefined ? request : { ...request, meta: traced }',
    replace: 'traced === undefined ? request : request',
    tests: TRACING,
  },
  {
    name: 'a replay is not linked to its decision',
    file: 'src/app/wire-decisions.ts',
    find: 'state.observed.tracing?.decided({',
    replace: 'if (id === undefined) state.observed.tracing?.decided({',
    tests: TRACING,
  },
  {
    name: 'a span is named by whatever an agent calls',
    file: 'src/mcp/dispatch.ts',
    find: 'tool: isTool ? name : undefined,',
    replace: 'tool: name,',
    tests: TRACING,
  },
  {
    name: 'a trace context of any shape is believed',
    file: 'src/observe/trace-context.ts',
    find: "if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;",
    replace: '',
    tests: TRACING,
  },
];
