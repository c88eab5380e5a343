import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Approver, Invite } from '../../../sdk/approvers.ts';
import { utc } from '../model/time.ts';
import { Notice } from '../parts/notice.tsx';
import { TextOf } from '../parts/text-of.tsx';
import type { Shell } from '../shell.ts';

function PersonRow({
  person,
  isMe,
  remove,
}: {
  person: Approver;
  isMe: boolean;
  remove: () => Promise<void>;
}) {
  const asking = useSignal(false);
  return (
    <li class="person">
      <div>
        <strong>
          <TextOf text={person.name} />
        </strong>
        {isMe && ' (you)'}
        <p class="fine">
          {person.groups.length > 0 ? `Groups: ${person.groups.join(', ')}` : 'No groups'} ·{' '}
          {person.passkeys.length} {person.passkeys.length === 1 ? 'passkey' : 'passkeys'} · since{' '}
          {utc(person.createdAt)}
        </p>
      </div>
      {!isMe && !asking.value && (
        <button type="button" class="quiet" onClick={() => (asking.value = true)}>
          Remove <span class="visually-hidden">{person.name}</span>
        </button>
      )}
      {asking.value && (
        <fieldset class="confirm">
          <legend>Remove this person? Their passkeys stop working at once.</legend>
          <button type="button" class="danger" onClick={() => remove()}>
            Remove
          </button>
          <button type="button" onClick={() => (asking.value = false)}>
            Keep
          </button>
        </fieldset>
      )}
    </li>
  );
}

function InviteForm({ shell }: { shell: Shell }) {
  const invite = useSignal<Invite | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const copied = useSignal(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    const groups = String(data.get('groups') ?? '')
      .split(/[\s,]+/)
      .filter((group) => group !== '');
    copied.value = false;
    try {
      invite.value = await shell.api.client.approvers.invite({
        name: String(data.get('name') ?? ''),
        groups,
      });
      problem.value = undefined;
      form.reset();
    } catch (error) {
      invite.value = undefined;
      problem.value = shell.failed(error);
    }
  };
  const copy = async (url: string) => {
    try {
      await navigator.clipboard.writeText(url);
      copied.value = true;
    } catch {
      problem.value = 'The browser did not allow copying. Select the link and copy it by hand.';
    }
  };
  return (
    <section class="card">
      <h2>Invite somebody</h2>
      <form onSubmit={submit}>
        <label>
          Name
          <input name="name" required maxLength={100} autocomplete="off" />
        </label>
        <label>
          Groups <span class="fine">(as the policy names them, separated by spaces)</span>
          <input name="groups" autocomplete="off" placeholder="finance" />
        </label>
        <button type="submit" class="primary">
          Make a one-time link
        </button>
      </form>
      {problem.value !== undefined && (
        <Notice kind="error" title="The invite did not work">
          <p>{problem.value}</p>
        </Notice>
      )}
      {invite.value !== undefined && (
        <Notice kind="good" title="Send this link to them alone">
          <p class="fine">
            Whoever opens it first becomes the approver. It works once, until {utc(invite.value.expiresAt)}.
          </p>
          <p>
            <code class="link">{invite.value.url}</code>
          </p>
          <button type="button" onClick={() => copy(invite.value?.url ?? '')}>
            {copied.value ? 'Copied' : 'Copy'}
          </button>
        </Notice>
      )}
    </section>
  );
}

/** Who can decide, invites, and removal. */
export function People({ shell }: { shell: Shell }) {
  const people = useSignal<readonly Approver[] | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const load = async () => {
    try {
      people.value = (await shell.api.client.approvers.list({ limit: 200 })).data;
      problem.value = undefined;
    } catch (error) {
      problem.value = shell.failed(error);
    }
  };
  const remove = async (id: string) => {
    try {
      await shell.api.client.approvers.remove(id);
      await load();
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
      {people.value === undefined && problem.value === undefined && <p role="status">Loading…</p>}
      <ul class="people" aria-label="Approvers">
        {(people.value ?? []).map((person) => (
          <PersonRow
            key={person.id}
            person={person}
            isMe={person.id === shell.me.value?.id}
            remove={() => remove(person.id)}
          />
        ))}
      </ul>
      <InviteForm shell={shell} />
    </>
  );
}
