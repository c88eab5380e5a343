import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { type Asked, approve, ask, breakGlass, decide } from './support/approvals.ts';
import { mint, type Player, signedAct } from './support/cast.ts';
import { founders, genesis, PERSONS_KEY, robot } from './support/good-log.ts';
import { createScribe, type Scribe } from './support/scribe.ts';
import { bothAccept, bothRefuse } from './support/verify.ts';

interface Shop {
  readonly scribe: Scribe;
  readonly cast: ReturnType<typeof founders>;
}

function open(): Shop {
  const scribe = createScribe();
  genesis(scribe);
  return { scribe, cast: founders(scribe) };
}

/** A key with this id that somebody makes: a person by their signature, a key or the gateway without one. */
function make(scribe: Scribe, id: string, by: Player | string): string {
  const ref = typeof by === 'string' ? by : by.ref;
  const { hash, ...plain } = PERSONS_KEY;
  const signed =
    typeof by === 'string'
      ? {}
      : { hash, ...signedAct(scribe, by, { act: 'key.create', params: PERSONS_KEY }) };
  scribe.append('key.created', { principal: ref }, { key: id, ...plain, ...signed });
  return `api_key:${id}`;
}

function mintBy(scribe: Scribe, id: string, principal: string): string {
  const body = { session: id, subject: 'ann', scope: ['*'], expires_at: scribe.now + 3_600_000 };
  scribe.append('session.minted', { session: id, subject: 'ann', principal }, body);
  return id;
}

function narrow(scribe: Scribe, id: string, ancestors: string[]): string {
  const body = {
    session: id,
    subject: 'ann',
    scope: ['*'],
    expires_at: scribe.now + 60_000 / ancestors.length,
    ancestors,
  };
  scribe.append('session.narrowed', { session: id, principal: `session:${ancestors.at(-1)}` }, body);
  return id;
}

type Asking = (shop: Shop, body: JsonObject) => Asked;

const bySession = ({ scribe }: Shop, session: string, body: JsonObject): Asked =>
  ask(scribe, { id: 'apr_1', session, body });

/** Ways in which Cleo has made what asks. */
const MADE: readonly (readonly [string, Asking])[] = [
  [
    'the key that minted the session',
    (shop, body) => {
      const key = make(shop.scribe, 'key_2', shop.cast.cleo);
      return bySession(shop, mintBy(shop.scribe, 'ses_1', key), body);
    },
  ],
  [
    'the key of the key of the key that minted the session',
    (shop, body) => {
      const { scribe, cast } = shop;
      const third = make(scribe, 'key_4', make(scribe, 'key_3', make(scribe, 'key_2', cast.cleo)));
      return bySession(shop, mintBy(scribe, 'ses_1', third), body);
    },
  ],
  [
    'the key of the session that this one was narrowed from, by two steps',
    (shop, body) => {
      const { scribe, cast } = shop;
      mintBy(scribe, 'ses_1', make(scribe, 'key_2', cast.cleo));
      narrow(scribe, 'ses_2', ['ses_1']);
      return bySession(shop, narrow(scribe, 'ses_3', ['ses_1', 'ses_2']), body);
    },
  ],
  ['the session', (shop, body) => bySession(shop, mintBy(shop.scribe, 'ses_1', shop.cast.cleo.ref), body)],
  [
    'the key that requests an action',
    ({ scribe, cast }, body) =>
      ask(scribe, { id: 'apr_1', requester: make(scribe, 'key_2', cast.cleo), body }),
  ],
  [
    'the service account that requests an action',
    ({ scribe, cast }, body) => ask(scribe, { id: 'apr_1', requester: robot(scribe, cast.cleo).ref, body }),
  ],
];

/** The log in which somebody approves what Cleo made ask. */
function approvedBy(asking: Asking, who: 'ada' | 'cleo', body: JsonObject = {}): Scribe {
  const shop = open();
  const asked = asking(shop, body);
  decide(shop.scribe, asked, shop.cast[who]);
  approve(shop.scribe, asked);
  return shop.scribe;
}

describe.each(MADE)('who has made %s', (_what, asking) => {
  it('does not decide, where the terms exclude the requester', async () => {
    const refused = await bothRefuse(approvedBy(asking, 'cleo'));
    expect(refused).toContain('by rule 3: person:per_cleo, who decides, made what asked for it');
  });

  it('decides where the terms exclude nobody; and others decide in either case', async () => {
    await bothAccept(approvedBy(asking, 'cleo', { exclude_requester: false }));
    await bothAccept(approvedBy(asking, 'ada'));
  });
});

describe('whoever made what asks', () => {
  it('does not deny it either, and does not break the glass for it, whatever the terms say', async () => {
    const denied = open();
    const asked = ask(denied.scribe, {
      id: 'apr_1',
      requester: make(denied.scribe, 'key_2', denied.cast.bob),
    });
    decide(denied.scribe, asked, denied.cast.bob, { decision: 'deny' });
    expect(await bothRefuse(denied.scribe)).toContain('made what asked for it');
    const { scribe, cast } = open();
    const body = { exclude_requester: false };
    const urgent = ask(scribe, { id: 'apr_1', requester: make(scribe, 'key_2', cast.bob), body });
    breakGlass(scribe, urgent, cast.ada, 1);
    breakGlass(scribe, urgent, cast.bob, 2);
    expect(await bothRefuse(scribe)).toContain('person:per_bob, who decides, made what asked for it');
  });

  it('may be removed, and the others decide what their key goes on asking for', async () => {
    const { scribe, cast } = open();
    const session = mintBy(scribe, 'ses_1', make(scribe, 'key_2', cast.dan));
    const params = { person: cast.dan.id };
    const signed = signedAct(scribe, cast.bob, { act: 'approver.remove', params });
    scribe.append('approver.removed', { principal: cast.bob.ref }, { ...params, ...signed });
    decide(scribe, ask(scribe, { id: 'apr_1', session }), cast.ada);
    await bothAccept(scribe);
  });
});

describe('a log that does not tell who made what asks', () => {
  const CASES: readonly (readonly [string, Asking])[] = [
    [
      'a session of an unknown key',
      (shop, body) => bySession(shop, mintBy(shop.scribe, 'ses_1', 'api_key:key_9'), body),
    ],
    ['a session of nobody', (shop, body) => bySession(shop, mintBy(shop.scribe, 'ses_1', ''), body)],
    ['an unknown key', ({ scribe }, body) => ask(scribe, { id: 'apr_1', requester: 'api_key:key_9', body })],
    [
      'a key of an unknown key',
      ({ scribe }, body) =>
        ask(scribe, { id: 'apr_1', requester: make(scribe, 'key_2', 'api_key:key_9'), body }),
    ],
    [
      'a key that makes itself',
      ({ scribe }, body) =>
        ask(scribe, { id: 'apr_1', requester: make(scribe, 'key_2', 'api_key:key_2'), body }),
    ],
  ];
  it.each(CASES)('is refused where the requester is excluded: %s', async (_what, asking) => {
    expect(await bothRefuse(approvedBy(asking, 'ada'))).toContain(
      'by rule 3: the log does not tell who made',
    );
    await bothAccept(approvedBy(asking, 'ada', { exclude_requester: false }));
  });
});

describe('what tells who made something is told once', () => {
  it('so that a second key of the same id is refused', async () => {
    const { scribe, cast } = open();
    make(scribe, 'key_2', cast.cleo);
    make(scribe, 'key_2', 'gateway:start');
    expect(await bothRefuse(scribe)).toContain('by rule 2: an API key has this id already');
  });

  it('so that a session is not minted or narrowed again while it lives', async () => {
    const again = open();
    mintBy(again.scribe, 'ses_1', make(again.scribe, 'key_2', again.cast.cleo));
    mintBy(again.scribe, 'ses_1', 'gateway:start');
    expect(await bothRefuse(again.scribe)).toContain('by rule 9: a session with this id lives already');
    const { scribe, cast } = open();
    mintBy(scribe, 'ses_1', make(scribe, 'key_2', cast.cleo));
    mint(scribe, 'ses_2');
    narrow(scribe, 'ses_1', ['ses_2']);
    expect(await bothRefuse(scribe)).toContain('by rule 9: a session with this id lives already');
  });

  it('and an id may serve again once its session has ended', async () => {
    const { scribe } = open();
    mint(scribe, 'ses_1');
    scribe.append('session.revoked', { session: 'ses_1' }, { reason: 'done' });
    mint(scribe, 'ses_1');
    scribe.now += 3_600_000 + 5_001;
    mint(scribe, 'ses_1');
    await bothAccept(scribe);
  });
});
