import { describe, expect, it } from 'vitest';
import { mannerTexts, whenText } from '../../src/dashboard/browser/model/channel-words.ts';
import {
  isLastOperator,
  makeKeySentence,
  makerText,
  rolesInOrder,
  tryKeyLine,
} from '../../src/dashboard/browser/model/key-words.ts';
import { readPreferences } from '../../src/dashboard/browser/model/preferences.ts';
import { concernsOf, witnessStanding } from '../../src/dashboard/browser/model/standing.ts';
import { exactTime } from '../../src/dashboard/browser/model/time.ts';
import {
  attemptsText,
  EVENT_TYPES,
  eventsText,
  readDeliveryChoice,
  standingOf,
  webhookAddress,
  webhookInputFrom,
  withNewer,
} from '../../src/dashboard/browser/model/webhook-words.ts';
import { EVENT_TYPES as GATEWAY_TYPES } from '../../src/notifications/event.ts';
import type { Diagnostics } from '../../src/sdk/diagnostics.ts';
import type { ApiKey } from '../../src/sdk/keys.ts';
import type { WebhookDelivery } from '../../src/sdk/webhooks.ts';
import type { Witness } from '../../src/sdk/witnesses.ts';

const NOW = '2026-01-05T12:00:00.000Z';
const HERE = Date.parse(NOW);
const ago = (ms: number) => new Date(HERE - ms).toISOString();

function key(over: Partial<ApiKey>): ApiKey {
  const made = { createdBy: 'gateway:start', createdAt: NOW, revokedAt: null };
  return { id: 'key_1', name: 'ci', roles: ['operator'], hint: 'abcd', ...made, ...over };
}

function delivery(over: Partial<WebhookDelivery>): WebhookDelivery {
  const none = { approval: null, nextAt: null, status: null, error: null, attemptedAt: null, endedAt: null };
  const what = { event: 'evt_1', type: 'job.completed', body: '{}', createdAt: NOW };
  return { ...none, ...what, state: 'pending', attempts: 0, ...over };
}

function report(over: Partial<Diagnostics>): Diagnostics {
  const ledger = { size: 3, newestAt: ago(1_000), vkey: 'log+00000000+A' };
  return {
    version: '1',
    now: NOW,
    publicOrigin: 'https://g.example',
    ledger,
    servers: [],
    decisions: [],
    ...over,
  };
}

function witness(over: Partial<Witness>): Witness {
  const none = { cosignedAt: ago(5_000), error: null, conflict: null };
  return { name: 'w', url: 'https://w.example', vkey: 'w+0+A', size: 3, ...none, ...over };
}

describe('webhooks in words', () => {
  it('offer every event that the gateway sends, and no other', () => {
    expect([...EVENT_TYPES].sort()).toEqual([...GATEWAY_TYPES].sort());
  });

  it('say how one stands, and why nothing is sent to it', () => {
    expect(standingOf({ enabled: true, disabledReason: null })).toMatchObject({
      state: 'active',
      words: 'on',
    });
    expect(standingOf({ enabled: false, disabledReason: 'gone' })).toMatchObject({ words: 'gone' });
    expect(standingOf({ enabled: false, disabledReason: 'requested' })).toMatchObject({ words: 'off' });
    expect(eventsText({ events: ['job.completed', '*'] })).toBe('every event');
    expect(eventsText({ events: ['approval.decided', 'job.completed'] })).toBe(
      'approval.decided, job.completed',
    );
  });

  it('count the attempts of a delivery and repeat the last answer', () => {
    expect(attemptsText(delivery({}))).toBe('not tried yet');
    expect(attemptsText(delivery({ attempts: 1, status: 200 }))).toBe(
      '1 attempt, the last: answered with 200',
    );
    expect(attemptsText(delivery({ attempts: 2, error: 'no answer in time' }))).toBe(
      '2 attempts, the last: no answer in time',
    );
    expect(attemptsText(delivery({ attempts: 2 }))).toBe('2 attempts');
  });

  it('take from a form only what the gateway can be asked for', () => {
    const typed = {
      url: ' https://h.example/in ',
      description: ' x ',
      everything: false,
      events: ['job.completed', 'made.up'],
    };
    expect(webhookInputFrom(typed)).toEqual({
      url: 'https://h.example/in',
      description: 'x',
      events: ['job.completed'],
    });
    expect(webhookInputFrom({ ...typed, everything: true }).events).toEqual(['*']);
    expect(() => webhookInputFrom({ ...typed, events: ['made.up'] })).toThrow(/^Events: choose/);
    expect(() => webhookInputFrom({ ...typed, url: 'hooks' })).toThrow(/^Address: expected/);
  });

  it('keep the chosen state in the address', () => {
    expect(webhookAddress('whk_1')).toBe('/webhooks/whk_1');
    expect(readDeliveryChoice(webhookAddress('whk_1', 'dead').split('?')[1] ?? '')).toBe('dead');
    expect(readDeliveryChoice('state=toString')).toBeUndefined();
  });

  it('show each delivery once, as the newer look has it, and lose none that was loaded', () => {
    const older = [delivery({ event: 'b' }), delivery({ event: 'a' })];
    const newer = [delivery({ event: 'c' }), delivery({ event: 'b', state: 'dead' })];
    expect(withNewer(older, newer).map(({ event, state }) => [event, state])).toEqual([
      ['c', 'pending'],
      ['b', 'dead'],
      ['a', 'pending'],
    ]);
  });
});

describe('keys', () => {
  it('have a last operator, whom neither a revoked one nor another role stands in for', () => {
    const last = key({});
    const others = [key({ id: 'key_2', revokedAt: NOW }), key({ id: 'key_3', roles: ['minter'] })];
    expect(isLastOperator(last, [last, ...others])).toBe(true);
    expect(isLastOperator(last, [last, key({ id: 'key_4', roles: ['reader', 'operator'] })])).toBe(false);
    expect(isLastOperator(key({ id: 'key_3', roles: ['minter'] }), [last, ...others])).toBe(false);
  });

  it('name their maker in words, and whom they do not know as it is written', () => {
    const people = [{ id: 'per_1', name: 'Ada' }];
    expect(makerText('gateway:start', people)).toBe('the gateway, at its first start');
    expect(makerText('person:per_1', people)).toBe('Ada');
    expect(makerText('person:per_2', people)).toBe('per_2, who was removed');
    expect(makerText('api_key:per_1', people)).toBe('the key per_1');
    expect(makerText('robot:x', people)).toBe('robot:x');
  });
});

describe('a key that a person makes', () => {
  it('is signed for in words that say what each of its roles may do', () => {
    const sentence = makeKeySentence({ name: 'ci', roles: ['minter', 'reader'] });
    expect(sentence).toContain(
      'Make the API key ci. Whoever holds it may mint sessions for the agents of any',
    );
    expect(sentence).toContain('; read sessions');
    const all = makeKeySentence({ name: 'ops', roles: ['operator', 'minter'] });
    expect(all).toMatch(/may do all that a key may do: .*all that the other roles may\. It works until/);
  });

  it('has its roles in one order, whatever they were picked in', () => {
    expect(rolesInOrder(new Set(['requester', 'minter', 'operator']))).toEqual([
      'operator',
      'minter',
      'requester',
    ]);
  });

  it('is tried with a command that its roles allow', () => {
    const line = (roles: ApiKey['roles']) => tryKeyLine('https://g.example', { key: 'cs_x', roles });
    expect(line(['minter', 'reader'])).toBe(
      'COUNTERSIGN_URL=https://g.example COUNTERSIGN_API_KEY=cs_x countersign session list',
    );
    expect(line(['operator'])).toMatch(/ session list$/);
    expect(line(['requester'])).toMatch(/ approval list$/);
    expect(line(['minter'])).toMatch(/ session mint --user ann --ttl 10m$/);
  });
});

describe('what to see to', () => {
  const rule = { rule: 'big', place: 'p.yaml:7', quorum: 2, able: 2, excludeRequester: false };
  const servers = [{ name: 'web', listedInMs: 20 }];
  const about = (over: Partial<Diagnostics>) => concernsOf(report(over), HERE).map(({ what }) => what);

  it('is nothing while clocks agree, servers answer and enough people can decide', () => {
    expect(about({ servers, decisions: [rule] })).toEqual([]);
  });

  it('is a clock that is off by more than a minute, and one that was set back', () => {
    expect(concernsOf(report({}), HERE + 61_000)[0]?.what).toBe(
      'The gateway’s clock is 1 minute 1 second behind this device’s.',
    );
    expect(concernsOf(report({}), HERE - 61_000)[0]?.what).toContain('ahead of');
    expect(about({ ledger: { size: 1, newestAt: ago(-5_000), vkey: 'x' } })).toEqual([
      'The newest entry of the log is 5 seconds later than the gateway’s clock.',
    ]);
  });

  it('is a server that is slow or did not tell its tools', () => {
    expect(about({ servers: [{ name: 'web', listedInMs: null }] })[0]).toContain('did not tell');
    expect(about({ servers: [{ name: 'web', listedInMs: 2_500 }] })[0]).toContain('2.5 s');
  });

  it('is a rule with too few people, and one that has just enough although a requester is left out', () => {
    expect(about({ decisions: [{ ...rule, able: 1 }] })[0]).toBe(
      'What the rule big (p.yaml:7) holds takes 2 to approve, and 1 can: no such call can be approved.',
    );
    expect(about({ decisions: [{ ...rule, excludeRequester: true }] })[0]).toContain('just as many');
    expect(about({ decisions: [{ ...rule, place: null, able: 0 }] })[0]).toMatch(
      /^What no rule matches takes/,
    );
  });
});

describe('a witness', () => {
  const at = { size: 3, now: HERE };

  it('cosigns, or is late once it has been behind for ten minutes', () => {
    expect(witnessStanding(witness({}), at).words).toBe('cosigns');
    expect(witnessStanding(witness({ size: 2 }), at).words).toBe('cosigns');
    const late = witness({ size: 2, cosignedAt: ago(601_000), error: { reason: 'no answer', at: NOW } });
    expect(witnessStanding(late, at)).toMatchObject({ words: 'late' });
    expect(witnessStanding(late, at).sentence).toContain('The last attempt: no answer.');
    expect(witnessStanding(witness({ size: 0, cosignedAt: null }), at).words).toBe('late');
  });

  it('that has seen another log says so before anything else', () => {
    const conflict = { kind: 'rollback', witnessSize: 9, ownSize: 3, at: NOW } as const;
    expect(witnessStanding(witness({ conflict }), at)).toMatchObject({ state: 'failed' });
    expect(witnessStanding(witness({ conflict }), at).sentence).toContain('the log was set back');
    const fork = { ...conflict, kind: 'fork' } as const;
    expect(witnessStanding(witness({ conflict: fork }), at).sentence).toContain('was rewritten');
  });
});

describe('a channel', () => {
  it('is told of whatever waits, or of what meets all that it asks for', () => {
    const none = { risk: null, groups: null, tools: null };
    expect(whenText({ when: none })).toBe('whatever waits for a person');
    const when = { risk: ['high', 'critical'], groups: ['finance'], tools: ['bank/*'] } as const;
    expect(whenText({ when })).toBe('risk high or critical; for the group finance; tools bank/*');
  });

  it('tells at once and always unless it gathers, is quiet or reminds', () => {
    expect(mannerTexts({ digestMs: 0, quiet: null, remindMs: null })).toEqual([]);
    const quiet = { from: '22:00', to: '07:00', zone: 'UTC' };
    expect(mannerTexts({ digestMs: 900_000, quiet, remindMs: 60_000 })).toEqual([
      'gathers for 15 minutes, all but critical',
      'quiet from 22:00 to 07:00 (UTC), for all but critical',
      'reminds 1 minute before the end',
    ]);
  });
});

describe('preferences', () => {
  it('are read as they were kept, and anything else as if nobody had chosen', () => {
    expect(readPreferences(JSON.stringify({ theme: 'dark', zone: 'local' }))).toEqual({
      theme: 'dark',
      zone: 'local',
      pushHint: true,
    });
    for (const kept of [null, '', 'x', 'null', '[]', '{"theme":"purple","zone":1}'])
      expect(readPreferences(kept)).toEqual({ theme: 'system', zone: 'utc', pushHint: true });
  });

  it('write exact times in UTC for everybody, or in the zone of the device with its name', () => {
    expect(exactTime(NOW, 'utc', 'Asia/Kathmandu')).toBe('2026-01-05 12:00:00 UTC');
    expect(exactTime(NOW, 'local', 'Asia/Kathmandu')).toBe('2026-01-05 17:45:00 GMT+5:45');
    expect(exactTime('2026-01-05T18:15:00Z', 'local', 'Asia/Kathmandu')).toBe('2026-01-06 00:00:00 GMT+5:45');
  });
});
