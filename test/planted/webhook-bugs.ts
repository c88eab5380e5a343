import type { PlantedBug } from './bug.ts';

const OUTBOX = ['test/notifications/outbox.test.ts'];
const LEDGER = ['test/notifications/ledger.test.ts'];
const EVENT = ['test/notifications/event.test.ts'];
const SIGNATURE = ['test/notifications/signature.test.ts'];
const MANAGE = ['test/notifications/manage.test.ts'];
const ADDRESS = ['test/http/public-address.test.ts'];
const OUTBOUND = ['test/http/outbound.test.ts'];
const SDK = ['test/sdk/webhooks.test.ts'];

/** Defects of webhooks: of what is told, in which order, how often, signed how, and where to. */
export const WEBHOOK_BUGS: readonly PlantedBug[] = [
  {
    name: 'a later event of an approval overtakes the earlier one',
    file: 'src/notifications/deliveries/store.ts',
    find: "AND earlier.state = 'pending'\n        AND earlier.position < d.position))",
    replace: "AND earlier.state = 'none'\n        AND earlier.position < d.position))",
    tests: OUTBOX,
  },
  {
    name: 'the order is kept for all approvals together',
    file: 'src/notifications/deliveries/store.ts',
    find: 'AND earlier.approval = d.approval AND',
    replace: 'AND',
    tests: OUTBOX,
  },
  {
    name: 'deliveries are made without moving the place in the ledger',
    file: 'src/notifications/store.ts',
    find: 'UPDATE webhook SET next_seq = ? WHERE id = ?',
    replace: 'UPDATE webhook SET next_seq = next_seq + 0 * ? WHERE id = ?',
    tests: OUTBOX,
  },
  {
    name: 'the place in the ledger moves and nothing is delivered',
    file: 'src/notifications/fan-out.ts',
    find: 'then: events.map((event) => insertDelivery(id, event, at)),',
    replace: 'then: [],',
    tests: OUTBOX,
  },
  {
    name: 'the place in the ledger passes what there was no room for',
    file: 'src/notifications/fan-out.ts',
    find: 'if (room === 0) return false;',
    replace: 'if (room < 0) return false;',
    tests: LEDGER,
  },
  {
    name: 'what found no room is passed over with what did',
    file: 'src/notifications/fan-out.ts',
    find: 'last !== undefined ? last.seq + 1 : to',
    replace: 'last !== undefined ? to : to',
    tests: LEDGER,
  },
  {
    name: 'every attempt has an id of its own',
    file: 'src/notifications/follow-endpoint.ts',
    find: '{ id: delivery.event, body',
    replace: '{ id: delivery.event + delivery.attempts, body',
    tests: OUTBOX,
  },
  {
    name: 'a redirect counts as delivered',
    file: 'src/notifications/deliveries/delivery.ts',
    find: 'status >= 200 && status < 300',
    replace: 'status >= 200 && status < 400',
    tests: ['test/notifications/retry.test.ts'],
  },
  {
    name: '410 is tried again like anything else',
    file: 'src/notifications/deliveries/delivery.ts',
    find: "status === 410 ? 'gone' : 'failed'",
    replace: "status === 411 ? 'gone' : 'failed'",
    tests: OUTBOX,
  },
  {
    name: 'a webhook is switched off by an address that it no longer has',
    file: 'src/notifications/deliveries/settle.ts',
    find: ', url: endpoint.url };',
    replace: ' };',
    tests: ['test/notifications/gone.test.ts'],
  },
  {
    name: 'a delivery is given up one attempt early',
    file: 'src/notifications/deliveries/settle.ts',
    find: 'retryDelay(delivery.attempts + 1, deps.random)',
    replace: 'retryDelay(delivery.attempts + 2, deps.random)',
    tests: OUTBOX,
  },
  {
    name: 'one endpoint may have any number of deliveries under way',
    file: 'src/notifications/lane.ts',
    find: '.slice(0, Math.max(0, free))',
    replace: '.slice(0)',
    tests: OUTBOX,
  },
  {
    name: 'closing does not wait for what is under way',
    file: 'src/notifications/lane.ts',
    find: '      await Promise.all(sending.values());\n',
    replace: '',
    tests: OUTBOX,
  },
  {
    name: 'an endpoint is told of what happened while it was off',
    file: 'src/notifications/store.ts',
    find: 'next_seq = CASE WHEN enabled = 0 AND ? = 1 THEN ? ELSE next_seq END',
    replace: 'next_seq = CASE WHEN enabled = 2 AND ? = 1 THEN ? ELSE next_seq END',
    tests: OUTBOX,
  },
  {
    name: 'the reason of a person leaves in an event',
    file: 'src/notifications/event.ts',
    find: 'return state === undefined ? undefined : { state };',
    replace: 'return state === undefined ? undefined : { state, reason: body.reason ?? null };',
    tests: EVENT,
  },
  {
    name: 'an action that has no job ends one',
    file: 'src/notifications/event.ts',
    find: "entry.type === 'job.ended' || isCall",
    replace: "entry.type === 'job.ended' || entry !== undefined",
    tests: EVENT,
  },
  {
    name: 'two logs have events of one id',
    file: 'src/notifications/event.ts',
    find: 'eventId({ log: entry.log, at: entry.seq, type })',
    replace: "eventId({ log: '', at: entry.seq, type })",
    tests: EVENT,
  },
  {
    name: 'the time is not signed',
    file: 'src/notifications/message.ts',
    find: '.update(content)',
    replace: ".update(content.replace(/\\.\\d+\\./, '.'))",
    tests: SIGNATURE,
  },
  {
    name: 'the keys before a rotation sign for ever',
    file: 'src/notifications/deliveries/attempt.ts',
    find: 'previousKeys !== undefined && now < previousUntil',
    replace: 'previousKeys !== undefined',
    tests: SIGNATURE,
  },
  {
    name: 'keys open in the row of another endpoint',
    file: 'src/notifications/signing-keys.ts',
    find: 'const contextOf = (endpointId: string): string =>',
    replace: "const contextOf = (_: string, endpointId = ''): string =>",
    tests: SIGNATURE,
  },
  {
    name: 'the whole address of an endpoint is on the ledger',
    file: 'src/notifications/endpoint.ts',
    find: 'return new URL(url).host;',
    replace: 'return new URL(url).href;',
    tests: MANAGE,
  },
  {
    name: 'a changed address is not checked',
    file: 'src/notifications/manage.ts',
    find: 'if (url !== undefined) await deps.checkAddress(url);',
    replace: '',
    tests: MANAGE,
  },
  {
    name: 'a mapped address passes for a public one',
    file: 'src/http/public-address.ts',
    find: 'return given &&',
    replace: 'return (given || address.startsWith("::ffff:")) &&',
    tests: ADDRESS,
  },
  {
    name: 'one public address of a name is enough',
    file: 'src/http/outbound.ts',
    find: 'if (!addresses.every(isFine))',
    replace: 'if (addresses.length > 0 && !addresses.some(isFine))',
    tests: ADDRESS,
  },
  {
    name: 'one listed host lets requests go anywhere',
    file: 'src/http/outbound.ts',
    find: 'return allow.includes(',
    replace: 'return allow.length > 0 || allow.includes(',
    tests: OUTBOUND,
  },
  {
    name: 'an old message is taken again',
    file: 'src/sdk/unwrap-webhook.ts',
    find: 'Math.abs(now() - Number(timestamp) * 1_000) > toleranceMs',
    replace: 'Number(timestamp) * 1_000 - now() > toleranceMs',
    tests: SDK,
  },
  {
    name: 'a signature of one kind is taken for the other',
    file: 'src/sdk/unwrap-webhook.ts',
    find: 'verifier.version === version && (await',
    replace: '(await',
    tests: SDK,
  },
];
