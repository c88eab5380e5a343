import type { PlantedBug } from './bug.ts';

const FLOW = ['test/mcp/control/flow.test.ts'];
const AUTHORITY = ['test/mcp/control/authority.test.ts'];

/** Defects of the control endpoint. */
export const CONTROL_BUGS: readonly PlantedBug[] = [
  {
    name: 'the control endpoint lets everybody in',
    file: 'src/mcp/control/serve.ts',
    find: 'else if (await deps.isInForce(token)) await serve',
    replace: 'else if (token !== "") await serve',
    tests: AUTHORITY,
  },
  {
    name: 'a token that is bound to a key opens the control endpoint without a proof',
    file: 'src/app/wire-control.ts',
    find: "if (isCountersignError(error) && error.code === 'unauthenticated') return false;",
    replace: "if (isCountersignError(error) && error.code === 'unauthenticated') return true;",
    tests: AUTHORITY,
  },
  {
    name: 'a cookie opens the control endpoint',
    file: 'src/mcp/control/serve.ts',
    find: 'if (token === undefined) notAuthenticated(response, NO_CREDENTIAL);',
    replace:
      'if (token === undefined && message.headers.cookie !== undefined) await serve(message, response, "");\n        else if (token === undefined) notAuthenticated(response, NO_CREDENTIAL);',
    tests: AUTHORITY,
  },
  {
    name: 'an id in a path may lead anywhere',
    file: 'src/mcp/control/tool.ts',
    find: "  .regex(/^apr_[0-9A-Za-z]{1,64}$/, 'expected the id of an approval, apr_…')\n",
    replace: '',
    tests: AUTHORITY,
  },
  {
    name: 'the id of a session in a path may lead anywhere',
    file: 'src/mcp/control/tool.ts',
    find: "  .regex(/^ses_[0-9A-Za-z]{1,64}$/, 'expected the id of a session, ses_…')\n",
    replace: '',
    tests: AUTHORITY,
  },
  {
    name: 'a tool of the control endpoint acts with the credential of whoever called first',
    file: 'src/mcp/control/handle.ts',
    find: 'tokens.set(request, token);',
    replace: 'handler.first ??= token;\n      tokens.set(request, handler.first);',
    tests: AUTHORITY,
  },
  {
    name: 'a tool of the control endpoint takes what it does not know',
    file: 'src/mcp/control/tool.ts',
    find: 'z.strictObject(shape)',
    replace: 'z.object(shape)',
    tests: FLOW,
  },
  {
    name: 'a refusal of the API looks like a result',
    file: 'src/mcp/control/server.ts',
    find: 'status >= 400',
    replace: 'status >= 600',
    tests: FLOW,
  },
  {
    name: 'who waits is not told what to do',
    file: 'src/mcp/control/server.ts',
    find: 'if (status !== ACCEPTED) return undefined;',
    replace: 'if (status !== 0) return undefined;',
    tests: FLOW,
  },
  {
    name: 'narrowing to no tools gives all of the parent’s',
    file: 'src/mcp/control/session-tools.ts',
    find: "        .min(1)\n        .optional()\n        .describe('Patterns within",
    replace: "        .optional()\n        .describe('Patterns within",
    tests: FLOW,
  },
  {
    name: 'a session that is narrowed keeps the end of its parent',
    file: 'src/mcp/control/session-tools.ts',
    find: 'Math.floor(ttl_ms / 1_000)',
    replace: 'undefined',
    tests: FLOW,
  },
  {
    name: 'the control endpoint reads a doubled key as it likes',
    file: 'src/mcp/control/serve.ts',
    find: 'parseStrict(decodeUtf8(',
    replace: 'JSON.parse(decodeUtf8(',
    tests: FLOW,
  },
  {
    name: 'the control endpoint takes batches',
    file: 'src/mcp/control/serve.ts',
    find: 'if (!Array.isArray(body)) return body;',
    replace: 'if (body !== undefined) return body;',
    tests: FLOW,
  },
];
