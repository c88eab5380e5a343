import { useSignal } from '@preact/signals';
import { inviteLink } from '../../../sdk/invite-link.ts';
import { explain } from '../api.ts';
import { groupsFrom } from '../model/groups.ts';
import type { Shell } from '../shell.ts';
import { type AskedAct, askedAct } from '../sign-act.ts';
import { Exact } from './exact.tsx';
import { Notice } from './notice.tsx';

/** Invites somebody by a one-time link, which this page makes and shows here alone. */
export function InviteForm({ shell, ask }: { shell: Shell; ask: (act: AskedAct) => void }) {
  const invite = useSignal<{ url: string; expiresAt: string } | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const copied = useSignal(false);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    copied.value = false;
    invite.value = undefined;
    problem.value = undefined;
    const name = String(data.get('name') ?? '').trim();
    const subject = String(data.get('subject') ?? '').trim();
    const { url, token } = await inviteLink(location.origin);
    const params = {
      name,
      groups: groupsFrom(String(data.get('groups') ?? '')),
      ...(subject === '' ? {} : { subject }),
      token,
    };
    const { acts } = shell.api.client;
    ask(
      askedAct(
        shell.api,
        { act: 'approver.invite', params },
        {
          sentence: `Invite ${name}. Whoever opens the link first becomes the approver.`,
          carryOut: async (signed) => {
            const { expiresAt } = await acts.invite(signed);
            invite.value = { url, expiresAt };
            form.reset();
          },
        },
      ),
    );
  };
  const copy = async (url: string) => {
    try {
      await navigator.clipboard.writeText(url);
      copied.value = true;
    } catch (error) {
      problem.value = `The browser did not allow copying (${explain(error)}). Select the link and copy it by hand.`;
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
        <label>
          User <span class="fine">(whose agents act for this person, so that nobody approves their own)</span>
          <input name="subject" maxLength={200} autocomplete="off" />
        </label>
        <button type="submit" class="primary">
          Make a one-time link
        </button>
      </form>
      {problem.value !== undefined && (
        <Notice kind="error" title="The link was not copied">
          <p>{problem.value}</p>
        </Notice>
      )}
      {invite.value !== undefined && (
        <Notice kind="good" title="Send this link to them alone">
          <p class="fine">
            Whoever opens it first becomes the approver. It works once, until{' '}
            <Exact at={invite.value.expiresAt} />. It is shown only here; the gateway does not know it.
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
