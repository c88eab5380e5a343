import type { PlantedBug } from './bug.ts';

const RULES = ['test/gate/question.test.ts'];
const CONVERSE = ['test/gate/converse.test.ts'];
const PARKED = ['test/mcp/relay-parked.test.ts'];
const PARKING_UNIT = ['test/mcp/parking.test.ts'];
const RETRY = ['test/mcp/relay-retry.test.ts'];
const WIRE = ['test/mcp/relay-wire.test.ts'];
const LOGS = ['test/mcp/logging.test.ts'];
const SUBSCRIPTIONS = ['test/mcp/subscriptions.test.ts'];

/** Defects of what clients are asked and told on behalf of servers. */
export const RELAY_CLIENT_BUGS: readonly PlantedBug[] = [
  {
    name: 'relayed: a question is asked whatever config says',
    file: 'src/gate/question.ts',
    find: 'if (!relays.includes(relay))',
    replace: 'if (relays.length > 9)',
    tests: RULES,
  },
  {
    name: 'relayed: a client is asked what it did not declare',
    file: 'src/gate/question.ts',
    find: 'if (!isDeclared(relay, { declared, params }))',
    replace: 'if (declared === undefined)',
    tests: RULES,
  },
  {
    name: 'relayed: a server may lead to the approval pages',
    file: 'src/gate/question.ts',
    find: 'if (placeOf(url) === placeOf(new URL(publicOrigin)))',
    replace: 'if (url.href === publicOrigin)',
    tests: RULES,
  },
  {
    name: 'relayed: a page may hold a user name',
    file: 'src/gate/question.ts',
    find: "if (url.username !== '' || url.password !== '')",
    replace: "if (url.password !== '')",
    tests: RULES,
  },
  {
    name: 'relayed: the text of a question is lost',
    file: 'src/gate/question.ts',
    find: "typeof text === 'string' ?",
    replace: "typeof text === 'bigint' ?",
    tests: RULES,
  },
  {
    name: 'relayed: any action counts as an answer',
    file: 'src/gate/question.ts',
    find: "return typeof action === 'string' && ACTIONS.has(action) ?",
    replace: "return typeof action === 'string' ?",
    tests: RULES,
  },
  {
    name: 'relayed: an answer reaches the server before it is recorded',
    file: 'src/gate/converse.ts',
    find: '    await recordAsked(deps, ref, [{ server, relay, answer: kind }]);',
    replace: '    void recordAsked(deps, ref, [{ server, relay, answer: kind }]).catch(() => undefined);',
    tests: CONVERSE,
  },
  {
    name: 'relayed: servers may tell clients of elicitations that are complete',
    file: 'src/gate/converse.ts',
    find: "if (notification.method === 'notifications/message') client.tell(notification);",
    replace: 'client.tell(notification);',
    tests: CONVERSE,
  },
  {
    name: 'relayed: answers for one server go to another',
    file: 'src/gate/converse.ts',
    find: 'if (retry === undefined || retry.server === server) return;',
    replace: "if (retry === undefined || retry.server !== '') return;",
    tests: CONVERSE,
  },
  {
    name: 'relayed: a retry brings answers to what nobody asked',
    file: 'src/mcp/relay/relay.ts',
    find: '  const inputResponses: JsonObject = {};\n  const relays =',
    replace: '  const inputResponses: JsonObject = { ...given };\n  const relays =',
    tests: RETRY,
  },
  {
    name: 'relayed: answers of a retry are not recorded',
    file: 'src/mcp/relay/relay.ts',
    find: '  await recordAsked(deps.gate, ref, recorded);\n  return { server, continues, inputResponses, ...(inner',
    replace: '  return { server, continues, inputResponses, ...(inner',
    tests: RETRY,
  },
  {
    name: 'relayed: the state of one method serves another',
    file: 'src/mcp/retry.ts',
    find: 'if (state?.call === printOf(request)) return state;',
    replace: 'if (state !== undefined) return state;',
    tests: RETRY,
  },
  {
    name: 'relayed: a parked call is answered by another call’s retry',
    file: 'src/mcp/retry.ts',
    find: 'return callPrint({ method, name, args: isRead ? {} : objectParam',
    replace: 'return callPrint({ method, name, args: name ? {} : objectParam',
    tests: PARKED,
  },
  {
    name: 'relayed: a parked call is found by another session',
    file: 'src/mcp/relay/parking.ts',
    find: 'const isHere = call?.sessionId === request.session.id && call.round === round;',
    replace: 'const isHere = call?.round === round;',
    tests: PARKING_UNIT,
  },
  {
    name: 'relayed: one round is answered twice',
    file: 'src/mcp/relay/parking.ts',
    find: 'if (call === undefined || !isHere || call.attended !== undefined) return undefined;',
    replace: 'if (call === undefined || !isHere) return undefined;',
    tests: PARKING_UNIT,
  },
  {
    name: 'relayed: a parked call waits for ever',
    file: 'src/mcp/relay/parking.ts',
    find: 'call.timer = setTimeout(() => leaveBehind(call), LIMITS.parkedCallMs);',
    replace: 'call.timer = setTimeout(() => undefined, LIMITS.parkedCallMs);',
    tests: PARKING_UNIT,
  },
  {
    name: 'relayed: any number of calls is parked',
    file: 'src/mcp/relay/parking.ts',
    find: 'return own.length < LIMITS.parkedCallsPerSession;',
    replace: 'return own.length >= 0;',
    tests: PARKED,
  },
  {
    name: 'relayed: a parked call outlives its session',
    file: 'src/mcp/serve.ts',
    find: '      deps.parking.endSession(sessionId);\n',
    replace: '',
    tests: PARKED,
  },
  {
    name: 'relayed: a gateway that stops leaves parked calls behind',
    file: 'src/mcp/relay/parking.ts',
    find: '      for (const call of waiting) end(call);\n',
    replace: '',
    tests: PARKING_UNIT,
  },
  {
    name: 'relayed: a client that closes its retry cancels nothing',
    file: 'src/mcp/relay/parking.ts',
    find: "signal?.addEventListener('abort', cancel, { once: true });",
    replace: '',
    tests: PARKING_UNIT,
  },
  {
    name: 'relayed: ids of questions can be guessed',
    file: 'src/mcp/relay/questions.ts',
    find: "const id = deps.newId('ask');",
    replace: "const id = 'ask_1';",
    tests: WIRE,
  },
  {
    name: 'relayed: a question outlives the call that was cancelled',
    file: 'src/mcp/relay/questions.ts',
    find: 'const over = AbortSignal.any([until, gone.signal]);',
    replace: 'const over = gone.signal;',
    tests: WIRE,
  },
  {
    name: 'relayed: clients before URL mode are asked to open pages',
    file: 'src/mcp/legacy-connection.ts',
    find: '  return { ...capabilities, elicitation: {} };',
    replace: '  return capabilities;',
    tests: WIRE,
  },
  {
    name: 'relayed: the level of a connection is not kept',
    file: 'src/mcp/legacy-own.ts',
    find: '  connection.logLevel = level;\n',
    replace: '',
    tests: LOGS,
  },
  {
    name: 'relayed: a 2026-07-28 client hears log messages that it did not ask for',
    file: 'src/mcp/sdk-server.ts',
    find: 'if (!isLoudEnough(params.level, logLevel)) return;',
    replace: '',
    tests: LOGS,
  },
  {
    name: 'relayed: subscriptions are not judged',
    file: 'src/gate/subscribe.ts',
    find: "await requireRead(deps, { session, kind: 'resource', item, args: {} });\n",
    replace: "judge(deps, session, { kind: 'resource', server, name: item.name, args: {} });\n",
    tests: SUBSCRIPTIONS,
  },
  {
    name: 'relayed: the acknowledged filter names what is not watched',
    file: 'src/mcp/modern.ts',
    find: 'if (await mayFollow(subscriptions, uri))',
    replace: 'if ((await mayFollow(subscriptions, uri)) || uris.length > 0)',
    tests: SUBSCRIPTIONS,
  },
  {
    name: 'relayed: a stream that has ended is still subscribed',
    file: 'src/mcp/modern.ts',
    find: "    request.signal.addEventListener('abort', subscriptions.close, { once: true });\n",
    replace: '',
    tests: SUBSCRIPTIONS,
  },
  {
    name: 'relayed: subscriptions outlive their connection',
    file: 'src/mcp/legacy-connection.ts',
    find: '  connection.subscriptions.close();\n',
    replace: '',
    tests: SUBSCRIPTIONS,
  },
  {
    name: 'relayed: another policy ends no subscription',
    file: 'src/mcp/serve.ts',
    find: '      deps.desk.review();\n',
    replace: '',
    tests: SUBSCRIPTIONS,
  },
  {
    name: 'relayed: two streams of a session hear of a change twice',
    file: 'src/mcp/modern.ts',
    find: '    const waiting = updates.get(sessionId);\n',
    replace:
      '    handlers.get(sessionId)?.notify.resourceUpdated(uri);\n    const waiting: Set<string> | undefined = new Set<string>();\n',
    tests: SUBSCRIPTIONS,
  },
];
