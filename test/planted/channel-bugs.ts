import type { PlantedBug } from './bug.ts';

const OUTBOX = ['test/notifications/channels/outbox.test.ts'];
const TIMING = ['test/notifications/channels/timing.test.ts'];
const MEDIA = ['test/notifications/channels/media.test.ts'];
const MAIL = ['test/http/send-mail.test.ts'];
const CONFIG = ['test/config/channels.test.ts'];
const API = ['test/api/channels.test.ts'];
const HERE = 'src/notifications/channels';

/** Defects of channels: of who is told what and when, and of what an agent's words may do on the way. */
export const CHANNEL_BUGS: readonly PlantedBug[] = [
  {
    name: 'every risk is told of',
    file: `${HERE}/channel.ts`,
    find: 'if (when.risk !== undefined && !when.risk.includes(call.risk)) return false;',
    replace: '',
    tests: OUTBOX,
  },
  {
    name: 'an escalation is told to the groups of the request',
    file: `${HERE}/note.ts`,
    find: 'isRequest ? call.groups :',
    replace: 'isRequest || call.groups.length > 0 ? call.groups :',
    tests: OUTBOX,
  },
  {
    name: 'requests for others hide what comes after them',
    file: `${HERE}/note.ts`,
    find: 'entries.length < LIMITS.channelPassedRequests;',
    replace: 'true;',
    tests: OUTBOX,
  },
  {
    name: 'the place in the ledger stays where it is',
    file: `${HERE}/store.ts`,
    find: 'UPDATE channel SET next_seq = ? WHERE',
    replace: 'UPDATE channel SET next_seq = next_seq + 0 * ? WHERE',
    tests: OUTBOX,
  },
  {
    name: 'a channel that is new is told of what is old',
    file: `${HERE}/outbox.ts`,
    find: 'insertChannel(id, size)',
    replace: 'insertChannel(id, 0 * size)',
    tests: OUTBOX,
  },
  {
    name: 'notices become messages and stay due',
    file: `${HERE}/store.ts`,
    find: 'UPDATE channel_notice SET told_at = ? WHERE',
    replace: 'UPDATE channel_notice SET told_at = CASE WHEN ? < 0 THEN 1 END WHERE',
    tests: OUTBOX,
  },
  {
    name: 'what was decided meanwhile is still told',
    file: `${HERE}/follow-notices.ts`,
    find: 'if (message !== undefined) return found.tell(message, delivery);',
    replace:
      'if (message !== undefined || delivery.attempts > 0) return found.tell(message as Message, delivery);',
    tests: OUTBOX,
  },
  {
    name: 'the limit counts all risks of an agent together',
    file: `${HERE}/store.ts`,
    find: 'AND source = ? AND risk = ?',
    replace: "AND source = ? AND COALESCE(?, '') <> ''",
    tests: OUTBOX,
  },
  {
    name: 'what is gathered lists the least risky first',
    file: `${HERE}/message.ts`,
    find: 'rank(b) - rank(a)',
    replace: 'rank(a) - rank(b)',
    tests: OUTBOX,
  },
  {
    name: 'what is gathered comes one by one',
    file: `${HERE}/gather.ts`,
    find: 'filter(({ notice }) => !notice.gathered).map',
    replace: 'map',
    tests: OUTBOX,
  },
  {
    name: 'nothing is left of a channel that was taken out, except what waits for it',
    file: `${HERE}/store.ts`,
    find: "{ sql: 'DELETE FROM webhook_delivery WHERE webhook_id = ?', params: [id] },",
    replace: '',
    tests: OUTBOX,
  },
  {
    name: 'a link to deny serves every approval',
    file: `${HERE}/deny-link.ts`,
    find: 'export function denySignature(key: Uint8Array, approval: string): string {',
    replace:
      'export function denySignature(key: Uint8Array, one: string): string { const approval = one.slice(0, 4);',
    tests: OUTBOX,
  },
  {
    name: 'any signature opens the dialog to deny',
    file: `${HERE}/deny-link.ts`,
    find: 'found.length === expected.length && timingSafeEqual(found, expected)',
    replace: 'found.length >= expected.length',
    tests: API,
  },
  {
    name: 'the effect is made without what policy redacts in mind',
    file: 'src/approvals/effect.ts',
    find: 'redact: verdict.redact,',
    replace: '',
    tests: OUTBOX,
  },
  {
    name: 'quiet hours hold back what is critical',
    file: `${HERE}/timing.ts`,
    find: 'const dueAt = critical ? at : afterQuiet(channel.quiet, at);',
    replace: 'const dueAt = afterQuiet(channel.quiet, at);',
    tests: TIMING,
  },
  {
    name: 'a flood of critical requests is told one by one',
    file: `${HERE}/timing.ts`,
    find: 'Math.max(flood, critical ? 0 : channel.digestMs)',
    replace: 'critical ? 0 : Math.max(flood, channel.digestMs)',
    tests: TIMING,
  },
  {
    name: 'quiet hours over midnight end at midnight',
    file: `${HERE}/quiet-hours.ts`,
    find: 'minute >= fromMinute || minute < toMinute',
    replace: 'minute >= fromMinute',
    tests: TIMING,
  },
  {
    name: 'quiet hours end by the clock of their beginning',
    file: `${HERE}/quiet-hours.ts`,
    find: 'const shown = end + shift * MINUTE_MS;',
    replace: 'const shown = end + 0 * shift;',
    tests: TIMING,
  },
  {
    name: 'an address stays one',
    file: `${HERE}/text.ts`,
    find: ".replaceAll('://', '[:]//')",
    replace: '',
    tests: MEDIA,
  },
  {
    name: 'a name of a host stays one',
    file: `${HERE}/text.ts`,
    find: "\n    .replaceAll(/\\.(?=[A-Za-z])/g, '[.]')",
    replace: '',
    tests: MEDIA,
  },
  {
    name: 'a letter shows an effect as markup',
    file: `${HERE}/email.ts`,
    find: 'forHtml(effect)',
    replace: 'effect',
    tests: MEDIA,
  },
  {
    name: 'Slack reads mentions',
    file: `${HERE}/slack.ts`,
    find: 'text: forSlack(text), emoji: false',
    replace: 'text, emoji: false',
    tests: MEDIA,
  },
  {
    name: 'Discord reads formats in an effect',
    file: `${HERE}/discord.ts`,
    find: 'forMarkdown(itemLine(item))',
    replace: 'itemLine(item)',
    tests: MEDIA,
  },
  {
    name: 'Discord may mention',
    file: `${HERE}/discord.ts`,
    find: 'allowed_mentions: { parse: [] }',
    replace: "allowed_mentions: { parse: ['everyone'] }",
    tests: MEDIA,
  },
  {
    name: 'mail goes without TLS',
    file: 'src/http/send-mail.ts',
    find: 'requireTLS: !secure && !allowPlaintext,',
    replace: 'requireTLS: false,',
    tests: MAIL,
  },
  {
    name: 'nobody is told that a receiver was refused',
    file: 'src/http/send-mail.ts',
    find: 'return { refused: rejected.length };',
    replace: 'return { refused: 0 * rejected.length };',
    tests: MAIL,
  },
  {
    name: 'a receiver may be two',
    file: 'src/config/channel-target.ts',
    find: 'const ADDRESS = /^[^\\s@<>()[\\]\\\\,;:"]+@[^\\s@<>()[\\]\\\\,;:"]+$/;',
    replace: 'const ADDRESS = /@/;',
    tests: CONFIG,
  },
  {
    name: 'anybody’s time zone is taken for one',
    file: 'src/config/channels.ts',
    find: 'if (error instanceof RangeError) return false;',
    replace: 'if (error instanceof RangeError) return true;',
    tests: CONFIG,
  },
  {
    name: 'who requests actions is counted by the actors that it names',
    file: 'src/app/wire-channels.ts',
    find: 'source: isTool ? subject : requester,',
    replace: 'source: subject,',
    tests: ['test/notifications/channels/waiting-call.test.ts'],
  },
  {
    name: 'a call that is over still waits for channels',
    file: 'src/app/wire-channels.ts',
    find: "stateAt(one, now()) === 'pending'",
    replace: "stateAt(one, now()) !== 'void'",
    tests: OUTBOX,
  },
  {
    name: 'what every approver may decide is told to no group',
    file: `${HERE}/channel.ts`,
    find: 'groups.length === 0 || when.groups === undefined',
    replace: 'when.groups === undefined',
    tests: OUTBOX,
  },
  {
    name: 'escalations count for no limit',
    file: `${HERE}/store.ts`,
    find: "AND created_at > ? AND cause <> 'reminder' LIMIT ?",
    replace: "AND created_at > ? AND cause = 'requested' LIMIT ?",
    tests: OUTBOX,
  },
];
