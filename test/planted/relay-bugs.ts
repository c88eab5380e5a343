import type { PlantedBug } from './bug.ts';

const RELAY = ['test/downstream/relay.test.ts'];
const MODERN = ['test/downstream/relay-modern.test.ts'];
const UNIT = ['test/downstream/questions.test.ts'];
const WATCH = ['test/downstream/subscriptions.test.ts'];
const PIPE = ['test/downstream/inflight.test.ts'];
const CONFIG = ['test/downstream/server-config.test.ts'];
const QUESTIONS = 'src/downstream/questions.ts';
const DEADLINE = 'src/downstream/deadline.ts';
const WATCHES = 'src/downstream/watches.ts';
const LISTENING = 'src/downstream/listening.ts';
const INFLIGHT = 'src/downstream/inflight.ts';
const KEEP = 'src/downstream/keep.ts';

/** Defects of what servers may ask and tell the clients of agents, on the side of the servers. */
export const RELAY_BUGS: readonly PlantedBug[] = [
  {
    name: 'relay: config is not asked',
    file: QUESTIONS,
    find: 'if (!relayed().includes(kind)) {',
    replace: 'if (relayed().length > 9) {',
    tests: RELAY,
  },
  {
    name: 'relay: what the client declared is not asked',
    file: QUESTIONS,
    find: 'place === undefined || !canBeAsked(place.conversation.capabilities, kind)',
    replace: 'place === undefined',
    tests: RELAY,
  },
  {
    name: 'relay: a question without an address goes to whoever called last',
    file: QUESTIONS,
    find: 'if (place.conversation.session !== session) return [];',
    replace: '',
    tests: RELAY,
  },
  {
    name: 'relay: a call behind which nobody is does not count',
    file: KEEP,
    find: 'conversation = NOBODY, ...rest } = request;',
    replace: 'conversation, ...rest } = request;',
    tests: RELAY,
  },
  {
    name: 'relay: a call that was given up does not count',
    file: QUESTIONS,
    find: "if (how === 'answered') places.take(place.number);",
    replace: "if (how !== 'late' as string) places.take(place.number);",
    tests: RELAY,
  },
  {
    name: 'relay: a call that was given up counts for ever',
    file: QUESTIONS,
    find: 'if (!place.present && place.until <= timers.now()) continue;',
    replace: '',
    tests: UNIT,
  },
  {
    name: 'relay: a question on a stream of nobody is asked elsewhere',
    file: QUESTIONS,
    find: "if (on === 'shared') return isAboutTask",
    replace: "if (on === 'shared' || on === undefined) return isAboutTask",
    tests: UNIT,
  },
  {
    name: 'relay: an ended call is still asked',
    file: QUESTIONS,
    find: 'return place?.present ? [place] : [];',
    replace: 'return place === undefined ? [] : [place];',
    tests: UNIT,
  },
  {
    name: 'relay: a question outlives its call',
    file: QUESTIONS,
    find: '    for (const key of [...place.open]) {\n      withdraw(key);',
    replace: '    for (const key of [...place.open]) {\n      questions.delete(key);',
    tests: UNIT,
  },
  {
    name: 'relay: a server cannot withdraw its question',
    file: QUESTIONS,
    find: "if (method === 'notifications/cancelled') return withdraw(JSON.stringify(params.requestId ?? null));",
    replace: '',
    tests: UNIT,
  },
  {
    name: 'relay: a late answer reaches the server',
    file: QUESTIONS,
    find: '        if (questions.get(key) !== question) return;\n',
    replace: '',
    tests: UNIT,
  },
  {
    name: 'relay: one call may have any number of questions open',
    file: QUESTIONS,
    find: 'place.open.size >= LIMITS.downstreamQuestionsPerCall',
    replace: 'place.open.size >= LIMITS.downstreamQuestionsPerCall * 9',
    tests: UNIT,
  },
  {
    name: 'relay: the token of the server’s connection reaches the client',
    file: QUESTIONS,
    find: 'params: withoutToken(params) }',
    replace: 'params }',
    tests: UNIT,
  },
  {
    name: 'relay: the news of a page goes to anybody',
    file: QUESTIONS,
    find: 'present && pages.has(elicitationId)',
    replace: 'present && elicitationId !== pages.keys().next().value',
    tests: UNIT,
  },
  {
    name: 'relay: the time limit runs while a question is open',
    file: DEADLINE,
    find: 'arm(leftMs, run);',
    replace: 'state.stillSince = undefined;',
    tests: ['test/downstream/relay.test.ts', 'test/downstream/inflight.test.ts'],
  },
  {
    name: 'relay: the time limit stands still without bound',
    file: DEADLINE,
    find: 'state.stoodMs += timers.now() - state.stillSince;',
    replace: 'state.stoodMs += 0 * (timers.now() - state.stillSince);',
    tests: PIPE,
  },
  {
    name: 'relay: a legacy server is told that everything can be asked',
    file: 'src/downstream/handshake.ts',
    find: 'capabilitiesFor(server.relay)',
    replace: "capabilitiesFor(['elicitation', 'elicitation_url', 'sampling', 'roots'])",
    tests: RELAY,
  },
  {
    name: 'relay: a modern server is told nothing about the client of a call',
    file: INFLIGHT,
    find: '...(envelope === undefined ? {} : clientOf(call)), ',
    replace: '',
    tests: MODERN,
  },
  {
    name: 'relay: a wish for input passes although nobody can be asked',
    file: INFLIGHT,
    find: 'Object.keys(conversation.capabilities).length > 0',
    replace: 'Object.keys(conversation.capabilities).length >= 0',
    tests: ['test/downstream/http.test.ts'],
  },
  {
    name: 'relay: the answers of a retry are left out',
    file: 'src/downstream/message.ts',
    find: 'JSON.stringify({ ...retry,',
    replace: 'JSON.stringify({',
    tests: MODERN,
  },
  {
    name: 'relay: answers are sent to a server of an older revision',
    file: KEEP,
    find: "if (request.retry !== undefined && link.era === 'legacy') {",
    replace: "if (request.retry !== undefined && link.era === ('none' as string)) {",
    tests: MODERN,
  },
  {
    name: 'relay: a modern server may send requests',
    file: 'src/downstream/transports/http.ts',
    find: "relayed: () => (era === 'legacy' ? server.relay : []),",
    replace: 'relayed: () => server.relay,',
    tests: MODERN,
  },
  {
    name: 'relay: a form is taken for a page to visit',
    file: 'src/downstream/conversation.ts',
    find: "if (kind === 'elicitation_url') return isJsonObject(elicitation.url);",
    replace: '',
    tests: UNIT,
  },
  {
    name: 'relay: an unknown kind in the configuration is passed over',
    file: 'src/downstream/server-config.ts',
    find: 'if (!RELAY_KINDS.some((known) => known === kind)) refuse',
    replace: 'if (RELAY_KINDS.length === 0) refuse',
    tests: CONFIG,
  },
  {
    name: 'relay: the level of log messages is forgotten on a new connection',
    file: KEEP,
    find: '      tellLogLevel(link, state.logLevel, log);\n',
    replace: '',
    tests: RELAY,
  },
  {
    name: 'watch: each watcher holds a subscription of its own',
    file: WATCHES,
    find: '      let watch = watches.get(uri);\n',
    replace: '      let watch = undefined as Watch | undefined;\n',
    tests: WATCH,
  },
  {
    name: 'watch: the first that lets go ends it for all',
    file: WATCHES,
    find: 'if (--watch.holders > 0 || watches.get(uri) !== watch) return;',
    replace: 'if (watches.get(uri) !== watch) return;',
    tests: WATCH,
  },
  {
    name: 'watch: one watcher lets go twice',
    file: WATCHES,
    find: '          if (state.released) return;\n',
    replace: '',
    tests: WATCH,
  },
  {
    name: 'watch: what is watched again is unsubscribed from',
    file: WATCHES,
    find: '      if (watches.has(uri)) return;\n',
    replace: '',
    tests: WATCH,
  },
  {
    name: 'watch: a new connection is not subscribed to',
    file: KEEP,
    find: '      void watches.renew(link);\n',
    replace: '',
    tests: WATCH,
  },
  {
    name: 'watch: the stream is opened anew for each resource',
    file: WATCHES,
    find: 'const isKnown = followed.link === link && followed.asked.has(uri);',
    replace: 'const isKnown = false;',
    tests: WATCH,
  },
  {
    name: 'watch: a stream that ended comes back without its resources',
    file: LISTENING,
    find: 'const stream = await open(state.followed);',
    replace: 'const stream = await open([]);',
    tests: WATCH,
  },
  {
    name: 'watch: the former stream is left open',
    file: LISTENING,
    find: '      await former?.close();\n',
    replace: '',
    tests: WATCH,
  },
  {
    name: 'watch: a server that cannot tell of changes is said to',
    file: WATCHES,
    find: '      if (!canSubscribe(link))',
    replace: '      if (link.era === (undefined as never))',
    tests: WATCH,
  },
];
