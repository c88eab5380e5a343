import { useSignal } from '@preact/signals';
import type { RegisteredAccount } from '../../../sdk/service-accounts.ts';
import { explain } from '../api.ts';
import { groupsFrom } from '../model/groups.ts';
import { publicKeyOf } from '../model/public-key.ts';
import type { Shell } from '../shell.ts';
import { type AskedAct, askedAct } from '../sign-act.ts';
import { Exact } from './exact.tsx';
import { Notice } from './notice.tsx';
import { TextOf } from './text-of.tsx';

interface ServiceAccountsProps {
  readonly shell: Shell;
  readonly accounts: readonly RegisteredAccount[];
  readonly ask: (act: AskedAct) => void;
}

/** The machines that have a key of their own, and how one more is registered. */
export function ServiceAccounts({ shell, accounts, ask }: ServiceAccountsProps) {
  const problem = useSignal<string | undefined>(undefined);
  const { api } = shell;

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    const name = String(data.get('name') ?? '').trim();
    const groups = groupsFrom(String(data.get('groups') ?? ''));
    problem.value = undefined;
    try {
      const public_key = publicKeyOf(String(data.get('public_key') ?? ''));
      ask(
        askedAct(
          api,
          { act: 'service_account.create', params: { name, groups, public_key } },
          {
            sentence: `Register the service account ${name}. Whoever holds the other half of this key acts as it.`,
            carryOut: async (signed) => {
              await api.client.acts.createServiceAccount(signed);
              form.reset();
            },
          },
        ),
      );
    } catch (error) {
      problem.value = explain(error);
    }
  };
  const remove = (account: RegisteredAccount) =>
    ask(
      askedAct(
        api,
        { act: 'service_account.remove', params: { service_account: account.id } },
        {
          sentence: `Remove the service account ${account.name}. It stops working at once.`,
          carryOut: (signed) => api.client.acts.removeServiceAccount(account.id, signed),
        },
      ),
    );

  return (
    <section class="card" aria-labelledby="service-accounts">
      <h2 id="service-accounts">Service accounts</h2>
      <p class="fine">
        Machines that sign with a key of their own. They decide only where a rule says “approver: automation”.
        Where a rule excludes the requester, whoever registered one does not decide what it asks for.
      </p>
      {accounts.length === 0 && <p>None yet.</p>}
      <ul class="people" aria-label="Service accounts">
        {accounts.map((account) => (
          <li key={account.id} class="person">
            <div class="about">
              <strong>
                <TextOf text={account.name} />
              </strong>
              <p class="fine">
                <code>{account.id}</code> ·{' '}
                {account.groups.length > 0 ? `Groups: ${account.groups.join(', ')}` : 'No groups'} · since{' '}
                <Exact at={account.createdAt} />
              </p>
              <p class="fine">
                <code class="link">{account.publicKey}</code>
              </p>
            </div>
            <button type="button" class="quiet" onClick={() => remove(account)}>
              Remove <span class="visually-hidden">service account {account.name}</span>
            </button>
          </li>
        ))}
      </ul>
      <h3>Register one</h3>
      <form onSubmit={submit}>
        <label>
          Account name
          <input name="name" required maxLength={100} autocomplete="off" />
        </label>
        <label>
          Account groups <span class="fine">(separated by spaces)</span>
          <input name="groups" autocomplete="off" placeholder="automation" />
        </label>
        <label>
          Public key <span class="fine">(Ed25519 or P-256, PEM or JWK)</span>
          <textarea name="public_key" required rows={4} autocomplete="off" spellcheck={false} />
        </label>
        <button type="submit">Register</button>
      </form>
      {problem.value !== undefined && (
        <Notice kind="error" title="This key cannot be registered">
          <p>{problem.value}</p>
        </Notice>
      )}
    </section>
  );
}
