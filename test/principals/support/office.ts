import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../src/core/clock.ts';
import { systemRandomBytes } from '../../../src/core/ids.ts';
import { createLedger } from '../../../src/ledger/append.ts';
import type { EntryDraft } from '../../../src/ledger/entry.ts';
import { newSkey, parseSkey } from '../../../src/ledger/note.ts';
import type { ActOffer, SignedAct } from '../../../src/principals/acts.ts';
import type { PasskeyDeps } from '../../../src/principals/deps.ts';
import type { Attestation } from '../../../src/principals/people/passkey.ts';
import type { Passkey, Person } from '../../../src/principals/people/person.ts';
import { removePerson } from '../../../src/principals/people/remove-person.ts';
import type { PersonPrincipal } from '../../../src/principals/principal.ts';
import { type ActRequest, requestAct } from '../../../src/principals/request-act.ts';
import {
  addPasskey,
  offerAddedPasskey,
  startAddingPasskey,
} from '../../../src/principals/web/add-passkey.ts';
import { finishEnrolment, startEnrolment } from '../../../src/principals/web/enrol.ts';
import { createBootstrapInvite, type InviteLink } from '../../../src/principals/web/invite.ts';
import { createInvite } from '../../../src/principals/web/invite-person.ts';
import { inviteToken } from '../../../src/principals/web/invite-secret.ts';
import { relyingParty } from '../../../src/principals/web/relying-party.ts';
import { openLibsql } from '../../../src/storage/libsql.ts';
import {
  type Misbehaviour,
  type SoftAuthenticator,
  type SoftDevice,
  softAuthenticator,
} from './authenticator.ts';

export const ORIGIN = 'http://localhost:4400';

export interface Enrolled {
  readonly person: Person;
  readonly principal: PersonPrincipal;
  readonly device: SoftAuthenticator;
  readonly webToken: string;
}

export interface Invited {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly subject?: string;
}

/** A real database and ledger in a folder of their own, and a clock that only the test moves. */
export interface Office {
  readonly deps: PasskeyDeps;
  advance(ms: number): void;
  /** Entries of these types, oldest first. */
  entries(prefix: string): Promise<EntryDraft[]>;
  bootstrap(): Promise<Enrolled>;
  /** Signs an offered statement with the person's device, or another. */
  sign(by: Enrolled, offer: ActOffer, change?: Misbehaviour & { device?: SoftAuthenticator }): SignedAct;
  /** Asks for an act and signs it. */
  act(by: Enrolled, request: ActRequest): Promise<SignedAct>;
  /** A link whose secret never came to the gateway. */
  link(by: Enrolled, invited: Invited): Promise<InviteLink>;
  /** A link, and the person whom it enrols. */
  invite(by: Enrolled, name: string, more?: Omit<Invited, 'name'>): Promise<Enrolled>;
  enrol(link: InviteLink, device?: SoftAuthenticator): Promise<Enrolled>;
  remove(by: Enrolled, whom: Enrolled): Promise<void>;
  /** One more passkey of a person, in a device of its own unless told. */
  addPasskey(
    of: Enrolled,
    device?: SoftAuthenticator,
  ): Promise<{ passkey: Passkey; device: SoftAuthenticator }>;
  newDevice(options?: Partial<SoftDevice>): SoftAuthenticator;
  close(): Promise<void>;
}

export const tokenOf = (link: InviteLink): string => link.path.split('#')[1] ?? '';

export async function openOffice(
  options: { origin?: string; now?: Clock; attestation?: Attestation } = {},
): Promise<Office> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-office-'));
  const database = openLibsql({ file: join(folder, 'test.db') });
  const clock = { at: Date.UTC(2026, 0, 5, 12) };
  const ids = { next: 0 };
  const signer = parseSkey(newSkey({ name: 'localhost/default', random: systemRandomBytes }));
  if (signer === undefined) throw new Error('no signer');
  const faults: unknown[] = [];
  const now = options.now ?? (() => clock.at);
  const origin = options.origin ?? ORIGIN;
  const ledger = await createLedger({ database, now, signer, report: (error) => faults.push(error) });
  const deps: PasskeyDeps = {
    database,
    ledger,
    now,
    newId: (prefix) => `${prefix}_${String(++ids.next).padStart(22, '0')}`,
    random: systemRandomBytes,
    workspace: 'default',
    party: relyingParty(origin),
    logName: signer.name,
    attestation: options.attestation ?? 'none',
  };
  const newDevice: Office['newDevice'] = (device = {}) =>
    softAuthenticator({ origin, rpId: 'localhost', ...device });

  const enrol: Office['enrol'] = async (link, device = newDevice()) => {
    const { challengeId, options } = await startEnrolment(deps, { token: tokenOf(link) });
    const response = device.create({ challenge: options.challenge });
    const { person, webToken } = await finishEnrolment(deps, { token: tokenOf(link), challengeId, response });
    const { id, name, groups } = person;
    return { person, device, webToken, principal: { kind: 'person', id, name, groups } };
  };
  const sign: Office['sign'] = (by, offer, { device = by.device, ...change } = {}) => {
    const challenge = Buffer.from(offer.challenge).toString('base64url');
    return { by: by.principal, statementId: offer.id, assertion: device.get({ challenge, ...change }) };
  };
  const act: Office['act'] = async (by, request) =>
    sign(by, await requestAct(deps, { by: by.principal, request }));
  const link: Office['link'] = async (by, { name, groups = ['finance'], subject }) => {
    const secret = randomBytes(32).toString('base64url');
    const params = { name, groups, subject, token: inviteToken(secret) };
    const invite = await createInvite(deps, await act(by, { act: 'approver.invite', params }));
    return { ...invite, path: `/enrol#${secret}` };
  };

  return {
    deps,
    newDevice,
    enrol,
    sign,
    act,
    link,
    advance: (ms) => {
      clock.at += ms;
    },
    async entries(prefix) {
      const rows = await database.query({ sql: 'SELECT entry FROM ledger ORDER BY seq', params: [] });
      const all = rows.map((row) => JSON.parse(String(row.entry)) as EntryDraft);
      return all.filter((entry) => entry.type.startsWith(prefix));
    },
    async bootstrap() {
      const first = await createBootstrapInvite(deps, { name: 'Ada', groups: ['finance'] });
      if (first === undefined) throw new Error('no bootstrap invite');
      return enrol(first);
    },
    invite: async (by, name, more = {}) => enrol(await link(by, { name, ...more })),
    async remove(by, whom) {
      const person = whom.person.id;
      const signed = await act(by, { act: 'approver.remove', params: { person } });
      await removePerson(deps, { ...signed, personId: person });
    },
    async addPasskey(of, device = newDevice()) {
      const { challengeId, options } = await startAddingPasskey(deps, of.principal);
      const response = device.create({ challenge: options.challenge });
      const offer = await offerAddedPasskey(deps, { by: of.principal, challengeId, response });
      return { device, passkey: await addPasskey(deps, { ...sign(of, offer), personId: of.person.id }) };
    },
    async close() {
      await ledger.close();
      await database.close();
      await rm(folder, { recursive: true });
      if (faults.length > 0) throw new Error('the ledger reported faults', { cause: faults[0] });
    },
  };
}
