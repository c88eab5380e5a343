import { generateKeyPairSync } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import type { ActOffer, SignedAct } from '../../src/principals/acts.ts';
import type { PasskeyDeps } from '../../src/principals/deps.ts';
import { createSignedKey } from '../../src/principals/keys.ts';
import { removePasskey } from '../../src/principals/people/remove-passkey.ts';
import { removePerson } from '../../src/principals/people/remove-person.ts';
import { type ActRequest, requestAct } from '../../src/principals/request-act.ts';
import { createServiceAccount, removeServiceAccount } from '../../src/principals/service-accounts.ts';
import { addPasskey, offerAddedPasskey, startAddingPasskey } from '../../src/principals/web/add-passkey.ts';
import { createInvite } from '../../src/principals/web/invite-person.ts';
import { inviteToken } from '../../src/principals/web/invite-secret.ts';
import type { SoftAuthenticator } from './support/authenticator.ts';
import { type Enrolled, type Office, openOffice } from './support/office.ts';

/** Ada signs with a second passkey, which Grace removes; Eve and a bot are there to be changed. */
interface Scene {
  readonly office: Office;
  readonly ada: Enrolled;
  readonly second: { readonly device: SoftAuthenticator; readonly id: string };
  readonly eve: { readonly id: string; readonly passkeys: readonly string[] };
  readonly bot: string;
  /** Grace removes the passkey with which Ada has signed. */
  withdraw(): Promise<void>;
}

const public_key = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }) as string;

async function setUp(): Promise<Scene> {
  const office = await openOffice();
  onTestFinished(() => office.close());
  const ada = await office.bootstrap();
  const [grace, eve] = [await office.invite(ada, 'Grace'), await office.invite(ada, 'Eve')];
  const spare = await office.addPasskey(eve);
  const params = { name: 'bot', groups: [], public_key };
  const bot = await createServiceAccount(
    office.deps,
    await office.act(ada, { act: 'service_account.create', params }),
  );
  const { device, passkey } = await office.addPasskey(ada);
  const at = { person: ada.person.id, passkey: passkey.id };
  return {
    office,
    ada,
    second: { device, id: passkey.id },
    eve: { id: eve.person.id, passkeys: [spare.passkey.id] },
    bot: bot.id,
    async withdraw() {
      const signed = await office.act(grace, { act: 'passkey.remove', params: at });
      await removePasskey(office.deps, { ...signed, personId: at.person, passkeyId: at.passkey });
    },
  };
}

async function offerNewPasskey({ office, ada }: Scene): Promise<ActOffer> {
  const { challengeId, options } = await startAddingPasskey(office.deps, ada.principal);
  const response = office.newDevice().create({ challenge: options.challenge });
  return offerAddedPasskey(office.deps, { by: ada.principal, challengeId, response });
}

const ask =
  (request: (scene: Scene) => ActRequest) =>
  (scene: Scene): Promise<ActOffer> =>
    requestAct(scene.office.deps, { by: scene.ada.principal, request: request(scene) });

type Operation = (deps: PasskeyDeps, signed: SignedAct, scene: Scene) => Promise<unknown>;

const OPERATIONS: readonly [string, (scene: Scene) => Promise<ActOffer>, Operation][] = [
  [
    'an invite',
    ask(() => ({ act: 'approver.invite', params: { name: 'X', groups: [], token: inviteToken('x') } })),
    (deps, signed) => createInvite(deps, signed),
  ],
  [
    'the removal of a person',
    ask(({ eve }) => ({ act: 'approver.remove', params: { person: eve.id } })),
    (deps, signed, { eve }) => removePerson(deps, { ...signed, personId: eve.id }),
  ],
  [
    'a further passkey',
    offerNewPasskey,
    (deps, signed, { ada }) => addPasskey(deps, { ...signed, personId: ada.person.id }),
  ],
  [
    'the removal of a passkey',
    ask(({ eve }) => ({
      act: 'passkey.remove',
      params: { person: eve.id, passkey: eve.passkeys[0] ?? '' },
    })),
    (deps, signed, { eve }) =>
      removePasskey(deps, { ...signed, personId: eve.id, passkeyId: eve.passkeys[0] ?? '' }),
  ],
  [
    'a service account',
    ask(() => ({ act: 'service_account.create', params: { name: 'more', groups: [], public_key } })),
    (deps, signed) => createServiceAccount(deps, signed),
  ],
  [
    'the removal of a service account',
    ask(({ bot }) => ({ act: 'service_account.remove', params: { service_account: bot } })),
    (deps, signed, { bot }) => removeServiceAccount(deps, { ...signed, accountId: bot }),
  ],
  [
    'an API key',
    ask(() => ({
      act: 'key.create',
      params: { name: 'ci', roles: ['reader'], hint: 'abcd', hash: 'a'.repeat(64) },
    })),
    (deps, signed) => createSignedKey(deps, signed),
  ],
];

test.each(OPERATIONS)(
  '%s is not done when the passkey that signed it is removed between the check and the commit',
  async (_what, offer, operation) => {
    const scene = await setUp();
    const { office, ada, second } = scene;
    const { deps } = office;
    const signed = office.sign(ada, await offer(scene), { device: second.device });
    const ledger: PasskeyDeps['ledger'] = {
      async commit(change) {
        await scene.withdraw();
        return deps.ledger.commit(change);
      },
    };
    const before = (await office.entries('')).length;
    await expect(operation({ ...deps, ledger }, signed, scene)).rejects.toMatchObject({ code: 'conflict' });
    expect((await office.entries('')).slice(before).map((entry) => entry.type)).toEqual(['passkey.removed']);
  },
);

test.each(OPERATIONS)('%s is done when nothing comes between', async (_what, offer, operation) => {
  const scene = await setUp();
  const { office, ada, second } = scene;
  const before = (await office.entries('')).length;
  const signed = office.sign(ada, await offer(scene), { device: second.device });
  await operation(office.deps, signed, scene);
  expect((await office.entries('')).slice(before)).toHaveLength(1);
});
