import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../src/core/clock.ts';
import { systemRandomBytes } from '../../../src/core/ids.ts';
import { createLedger } from '../../../src/ledger/append.ts';
import type { EntryDraft } from '../../../src/ledger/entry.ts';
import { newSkey, parseSkey } from '../../../src/ledger/note.ts';
import type { Person } from '../../../src/principals/people/person.ts';
import type { Principal } from '../../../src/principals/principal.ts';
import { type EnrolDeps, finishEnrolment, startEnrolment } from '../../../src/principals/web/enrol.ts';
import { createBootstrapInvite, createInvite, type InviteLink } from '../../../src/principals/web/invite.ts';
import { relyingParty } from '../../../src/principals/web/relying-party.ts';
import { openLibsql } from '../../../src/storage/libsql.ts';
import { type SoftAuthenticator, softAuthenticator } from './authenticator.ts';

export const ORIGIN = 'http://localhost:4400';

export interface Enrolled {
  readonly person: Person;
  readonly principal: Principal;
  readonly device: SoftAuthenticator;
  readonly webToken: string;
}

/** A real database and ledger in a folder of their own, and a clock that only the test moves. */
export interface Office {
  readonly deps: EnrolDeps;
  advance(ms: number): void;
  /** Entries of these types, oldest first. */
  entries(prefix: string): Promise<EntryDraft[]>;
  bootstrap(): Promise<Enrolled>;
  invite(by: Enrolled, name: string): Promise<Enrolled>;
  enrol(link: InviteLink, device?: SoftAuthenticator): Promise<Enrolled>;
  newDevice(options?: { counting?: boolean }): SoftAuthenticator;
  close(): Promise<void>;
}

export const tokenOf = (link: InviteLink): string => link.path.split('#')[1] ?? '';

export async function openOffice(options: { origin?: string; now?: Clock } = {}): Promise<Office> {
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
  const deps: EnrolDeps = {
    database,
    ledger,
    now,
    newId: (prefix) => `${prefix}_${String(++ids.next).padStart(22, '0')}`,
    random: systemRandomBytes,
    workspace: 'default',
    party: relyingParty(origin),
  };
  const newDevice: Office['newDevice'] = (device = {}) =>
    softAuthenticator({ origin, rpId: 'localhost', ...device });

  async function enrol(link: InviteLink, device = newDevice()): Promise<Enrolled> {
    const { challengeId, options } = await startEnrolment(deps, { token: tokenOf(link) });
    const response = device.create({ challenge: options.challenge });
    const { person, webToken } = await finishEnrolment(deps, { token: tokenOf(link), challengeId, response });
    return { person, device, webToken, principal: { kind: 'person', ...person } };
  }

  return {
    deps,
    newDevice,
    enrol,
    advance: (ms) => {
      clock.at += ms;
    },
    async entries(prefix) {
      const rows = await database.query({ sql: 'SELECT entry FROM ledger ORDER BY seq', params: [] });
      const all = rows.map((row) => JSON.parse(String(row.entry)) as EntryDraft);
      return all.filter((entry) => entry.type.startsWith(prefix));
    },
    async bootstrap() {
      const link = await createBootstrapInvite(deps, { name: 'Ada', groups: ['finance'] });
      if (link === undefined) throw new Error('no bootstrap invite');
      return enrol(link);
    },
    invite: async (by, name) =>
      enrol(await createInvite(deps, { by: by.principal, name, groups: ['finance'] })),
    async close() {
      await ledger.close();
      await database.close();
      await rm(folder, { recursive: true });
      if (faults.length > 0) throw new Error('the ledger reported faults', { cause: faults[0] });
    },
  };
}
