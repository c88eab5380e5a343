import type { PlantedBug } from './bug.ts';

const TRANSPORT = ['test/security/transport.test.ts'];
const SESSIONS = ['test/security/sessions.test.ts'];
const GATE = ['test/security/gate.test.ts'];
const DOWNSTREAMS = ['test/security/downstreams.test.ts'];
const LOSSLESS = ['test/mcp/lossless.test.ts'];
const RAW = 'src/mcp/raw-reply.ts';

/** Defects of what the security catalogue and the promise of losing nothing stand for. */
export const HOLD_BUGS: readonly PlantedBug[] = [
  {
    name: 'hold: a streamed result is what the SDK made of it',
    file: RAW,
    find: 'line === undefined ? chunk :',
    replace: 'line !== `` ? chunk :',
    tests: LOSSLESS,
  },
  {
    name: 'hold: a streamed error with U+2028 is what the SDK made of it',
    file: RAW,
    find: 'data: ([^\\n]*)',
    replace: 'data: (.*)',
    tests: LOSSLESS,
  },
  {
    name: 'hold: a result that is not streamed is what the SDK made of it',
    file: RAW,
    find: 'return text === undefined ? response :',
    replace: 'return text !== `` ? response :',
    tests: LOSSLESS,
  },
  {
    name: 'hold: line breaks of a server end an event of 2026-07-28',
    file: RAW,
    find: "text?.replaceAll(/[\\r\\n]+/g, ' ')",
    replace: 'text',
    tests: TRANSPORT,
  },
  {
    name: 'hold: line breaks of a server end an event of the earlier revisions',
    file: 'src/http/respond.ts',
    find: "json.replaceAll(/[\\r\\n]+/g, ' ')",
    replace: 'json',
    tests: TRANSPORT,
  },
  {
    name: 'hold: numbers of a downstream are parsed and written anew',
    file: 'src/downstream/message.ts',
    find: 'const raw = text.slice(span.start, span.end);',
    replace: 'const raw = JSON.stringify(value);',
    tests: LOSSLESS,
  },
  {
    name: 'hold: unknown members of a definition are dropped',
    file: 'src/downstream/assemble.ts',
    find: 'definition: { ...definition, name: exposed },',
    replace: "definition: { ...definition, name: exposed, 'x-unknown': null },",
    tests: LOSSLESS,
  },
  {
    name: 'hold: a boolean property makes earlier clients refuse the list',
    file: 'src/mcp/tools.ts',
    find: "if (typeof property !== 'boolean') return [name, property];",
    replace: "if (typeof property !== 'undefined') return [name, property];",
    tests: DOWNSTREAMS,
  },
  {
    name: 'hold: a definition that clients cannot read is listed',
    file: 'src/downstream/list.ts',
    find: 'if (wrong === undefined) tools.push',
    replace: "if (wrong !== 'nothing') tools.push",
    tests: DOWNSTREAMS,
  },
  {
    name: 'hold: one text that has no canonical form takes its server down',
    file: 'src/downstream/readable.ts',
    find: "if (typeof value === 'string') return value.isWellFormed();",
    replace: "if (typeof value === 'string') return true;",
    tests: DOWNSTREAMS,
  },
  {
    name: 'hold: a resource that clients cannot read is listed',
    file: 'src/downstream/readable.ts',
    find: "return wrongMember(definition, RESOURCE, ['name']) === undefined;",
    replace: 'return wrongMember(definition, RESOURCE, []) === undefined;',
    tests: DOWNSTREAMS,
  },
  {
    name: 'hold: a reading may be kept by others than its reader',
    file: 'src/mcp/result.ts',
    find: 'return withMember(withoutKey(kept, \'cacheScope\'), \'"cacheScope":"private"\');',
    replace: 'return kept;',
    tests: ['test/mcp/result.test.ts'],
  },
  {
    name: 'hold: any Host will do',
    file: 'src/http/guard.ts',
    find: 'if (host === undefined || !allowed.hosts.has(host)) {',
    replace: 'if (host === undefined) {',
    tests: TRANSPORT,
  },
  {
    name: 'hold: any Origin will do',
    file: 'src/http/guard.ts',
    find: 'if (origin !== undefined && !allowed.origins.has(origin)) {',
    replace: "if (origin === 'null') {",
    tests: TRANSPORT,
  },
  {
    name: 'hold: protocol headers may stand there twice',
    file: 'src/mcp/serve.ts',
    find: 'else if (hasDoubledHeader(message)) {',
    replace: 'else if (hasDoubledHeader(message) && message.httpVersion === `0`) {',
    tests: TRANSPORT,
  },
  {
    name: 'hold: streams are not counted',
    file: 'src/mcp/serve.ts',
    find: 'if (isStream && !open.stream(session.id, response)) {',
    replace: 'if (isStream && response.closed) {',
    tests: TRANSPORT,
  },
  {
    name: 'hold: paths are decoded before they are compared',
    file: 'src/http/front.ts',
    find: "const path = (request.url ?? '/').split('?')[0] ?? '/';",
    replace: "const path = new URL(decodeURI(request.url ?? '/'), 'http://x').pathname;",
    tests: TRANSPORT,
  },
  {
    name: 'hold: arguments are not judged in the earlier revisions',
    file: 'src/mcp/dispatch.ts',
    find: '    name,\n    args,\n',
    replace: "    name,\n    args: request.era === 'legacy' ? {} : args,\n",
    tests: GATE,
  },
  {
    name: 'hold: progress opens another way around the scope',
    file: 'src/mcp/dispatch.ts',
    find: 'session: request.session,\n    name,',
    replace:
      'session: request.onProgress ? { ...request.session, scope: ["*"] } : request.session,\n    name,',
    tests: GATE,
  },
  {
    name: 'hold: a token in _meta travels on under another name',
    file: 'src/mcp/request.ts',
    find: '(?:countersign|modelcontextprotocol|mcp)',
    replace: '(?:modelcontextprotocol|mcp)',
    tests: ['test/mcp/authority.test.ts'],
  },
  {
    name: 'hold: the task of another session is found',
    file: 'src/mcp/tasks/answer.ts',
    find: "if (approval?.sessionId === session.id && approval.call.kind === 'tool')",
    replace: "if (approval !== undefined && session.id !== '' && approval.call.kind === 'tool')",
    tests: SESSIONS,
  },
  {
    name: 'hold: a call whose server is gone is said not to have been sent',
    file: 'src/downstream/inflight.ts',
    find: "? { kind: 'unknown', reason }\n          :",
    replace: "? { kind: 'not_sent', code: 'downstream_unavailable', reason }\n          :",
    tests: DOWNSTREAMS,
  },
];
