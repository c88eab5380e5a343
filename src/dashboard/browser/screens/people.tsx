import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ActRequest } from '../../../sdk/acts.ts';
import type { Approver, Passkey } from '../../../sdk/approvers.ts';
import type { RegisteredAccount } from '../../../sdk/service-accounts.ts';
import type { Me } from '../api.ts';
import { wholeList } from '../load.ts';
import { InviteForm } from '../parts/invite-form.tsx';
import { Notice } from '../parts/notice.tsx';
import { PersonRow } from '../parts/person-row.tsx';
import { ServiceAccounts } from '../parts/service-accounts.tsx';
import { SignAct } from '../parts/sign-act.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { Shell } from '../shell.ts';
import { type AskedAct, askedAct, makePasskey } from '../sign-act.ts';

const PAGE = 200;

interface Lists {
  readonly people: readonly Approver[];
  readonly accounts: readonly RegisteredAccount[];
}

/** That keys outlast the person who made them, and where to revoke them. */
function KeysLeft({ person, count }: { person: Approver; count: number }) {
  return (
    <Notice
      kind="warning"
      title={count === 1 ? 'An API key that they made goes on' : `${count} API keys that they made go on`}
    >
      <p>
        So do sessions that were minted with {count === 1 ? 'it' : 'them'}. Revoke what nobody needs:{' '}
        <a href={`/keys?made_by=person:${person.id}`}>see {count === 1 ? 'it' : 'them'} under Keys</a>.
      </p>
    </Notice>
  );
}

/** Who can decide, with which passkeys, and the machines that can. Every change of it is signed. */
export function People({ shell, me }: { shell: Shell; me: Me }) {
  const lists = useSignal<Lists | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const asked = useSignal<AskedAct | undefined>(undefined);
  const { api } = shell;
  const { acts, approvers, keys, serviceAccounts } = api.client;

  const load = async () => {
    try {
      const page = { limit: 200 };
      const [people, accounts] = await Promise.all([approvers.list(page), serviceAccounts.list(page)]);
      lists.value = { people: people.data, accounts: accounts.data };
      problem.value = undefined;
    } catch (error) {
      problem.value = shell.failed(error);
    }
  };
  const ask = (act: AskedAct) => {
    asked.value = act;
  };
  const askFor = (request: ActRequest, sentence: string, carryOut: AskedAct['carryOut']) =>
    ask(askedAct(api, request, { sentence, carryOut }));
  const close = (done: boolean) => {
    asked.value = undefined;
    if (done) void load();
  };
  const remove = async (person: Approver) => {
    problem.value = undefined;
    try {
      const theirs = keys.list({ state: 'active', createdBy: `person:${person.id}`, limit: PAGE });
      const left = (await wholeList(theirs)).length;
      ask(
        askedAct(
          api,
          { act: 'approver.remove', params: { person: person.id } },
          {
            sentence: `Remove ${person.name}. Their passkeys, sign-ins and open invites end at once.`,
            aside: left > 0 && <KeysLeft person={person} count={left} />,
            carryOut: (signed) => acts.removeApprover(person.id, signed),
          },
        ),
      );
    } catch (error) {
      problem.value = shell.failed(error);
    }
  };
  const removePasskey = (person: Approver, passkey: Passkey) => {
    const at = { person: person.id, passkey: passkey.id };
    askFor(
      { act: 'passkey.remove', params: at },
      `Remove a passkey of ${person.name}. It stops working at once.`,
      (signed) => acts.removePasskey(at, signed),
    );
  };
  const addPasskey = async () => {
    problem.value = undefined;
    try {
      ask(await makePasskey(api, me));
    } catch (error) {
      problem.value = shell.failed(error);
    }
  };

  useEffect(() => {
    document.title = 'People · Countersign';
    void load();
  }, [shell]);
  return (
    <>
      <h1>People</h1>
      {problem.value !== undefined && (
        <Notice kind="error" title="That did not work" retry={load}>
          <p>{problem.value}</p>
        </Notice>
      )}
      {lists.value === undefined && problem.value === undefined && <Skeleton rows={3} />}
      <ul class="people" aria-label="Approvers">
        {(lists.value?.people ?? []).map((person) => (
          <PersonRow
            key={person.id}
            person={person}
            isMe={person.id === me.id}
            remove={() => remove(person)}
            removePasskey={(passkey) => removePasskey(person, passkey)}
            addPasskey={addPasskey}
          />
        ))}
      </ul>
      <InviteForm shell={shell} ask={ask} />
      <ServiceAccounts shell={shell} accounts={lists.value?.accounts ?? []} ask={ask} />
      {asked.value !== undefined && <SignAct shell={shell} me={me} asked={asked.value} close={close} />}
    </>
  );
}
