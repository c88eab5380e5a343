import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiKey } from '../../../sdk/keys.ts';
import { useLoaded } from '../load.ts';
import { isLastOperator, keyOrder, makerText, ROLE_WORDS } from '../model/key-words.ts';
import { Confirm } from '../parts/fleet/confirm.tsx';
import { Notice } from '../parts/notice.tsx';
import { KeyRow } from '../parts/settings/key-row.tsx';
import { NewKey } from '../parts/settings/new-key.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { TextOf } from '../parts/text-of.tsx';
import { queryOf } from '../query.ts';
import type { ScreenProps, Shell } from '../shell.ts';

function Roles() {
  return (
    <section class="card facts roles" aria-labelledby="roles">
      <h2 id="roles">What a key may do</h2>
      <dl>
        {Object.entries(ROLE_WORDS).map(([role, words]) => (
          <div key={role}>
            <dt>{role}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <p class="fine">
        No key approves or denies, whatever its roles. Machines that decide by a rule are service accounts,
        under <a href="/people">People</a>.
      </p>
    </section>
  );
}

interface RevokeKeyProps {
  readonly shell: Shell;
  readonly apiKey: ApiKey;
  readonly isLast: boolean;
  readonly close: (done: boolean) => void;
}

function RevokeKey({ shell, apiKey, isLast, close }: RevokeKeyProps) {
  return (
    <Confirm
      shell={shell}
      title="Revoke this key now?"
      action="Revoke now"
      danger
      ready={!isLast}
      act={() => shell.api.client.keys.revoke(apiKey.id)}
      close={close}
    >
      <ul>
        <li>
          <TextOf text={apiKey.name} /> (<code>cs_…{apiKey.hint}</code>) stops working at once and for good;
          what it follows live ends too.
        </li>
        <li>Sessions that were minted with it go on. Revoke them under Sessions.</li>
      </ul>
      {isLast && (
        <Notice kind="warning" title="It is the last key with the role operator">
          <p>Without one, no other could be made. Make another operator key first, then revoke this one.</p>
        </Notice>
      )}
    </Confirm>
  );
}

/** The API keys of programs: what each may, who made it, one more, and its end. */
export function Keys({ shell, me }: ScreenProps) {
  const revoking = useSignal<ApiKey | undefined>(undefined);
  const making = useSignal(false);
  const all = useSignal(false);
  const { keys, approvers } = shell.api.client;
  const list = useLoaded(shell, 'keys', async () => {
    const [made, people] = await Promise.all([keys.list(), approvers.list({ limit: 200 })]);
    return { keys: keyOrder(made.data), people: people.data };
  });
  useEffect(() => {
    document.title = 'Keys · Countersign';
  }, [shell]);
  const maker = new URLSearchParams(queryOf(shell)).get('made_by');
  const { keys: known, people = [] } = list.value.value ?? {};
  const theirs = known?.filter(({ createdBy }) => maker === null || createdBy === maker);
  const ended = theirs?.filter(({ revokedAt }) => revokedAt !== null).length ?? 0;
  const shown = theirs?.filter(({ revokedAt }) => all.value || revokedAt === null);
  return (
    <>
      <div class="heading">
        <h1>Keys</h1>
        {ended > 0 && (
          <button
            type="button"
            class="quiet"
            aria-pressed={all.value}
            onClick={() => (all.value = !all.value)}
          >
            {all.value ? 'Hide' : 'Show'} {ended} revoked
          </button>
        )}
        <button type="button" class="primary" onClick={() => (making.value = true)}>
          New key
        </button>
      </div>
      <p class="lead">What programs call this gateway with: your server, a pipeline, the command line.</p>
      {maker !== null && (
        <p class="fine">
          Only what was made by <TextOf text={makerText(maker, people)} />. <a href="/keys">Show all keys</a>
        </p>
      )}
      {list.problem.value !== undefined && (
        <Notice kind="error" title="The keys could not be loaded" retry={list.again}>
          <p>{list.problem.value}</p>
        </Notice>
      )}
      {shown === undefined && list.problem.value === undefined && <Skeleton rows={3} />}
      {shown?.length === 0 && (
        <Notice kind="info" title="No keys in force">
          <p>Make one when a program needs to call the gateway. Your passkey signs for it.</p>
        </Notice>
      )}
      <ul class="fleet" aria-label="API keys">
        {(shown ?? []).map((one) => (
          <KeyRow
            key={one.id}
            apiKey={one}
            maker={makerText(one.createdBy, people)}
            now={shell.now.value}
            revoke={() => {
              revoking.value = one;
            }}
          />
        ))}
      </ul>
      <Roles />
      {making.value && (
        <NewKey
          shell={shell}
          me={me}
          close={(done) => {
            making.value = false;
            if (done) void list.again();
          }}
        />
      )}
      {revoking.value !== undefined && (
        <RevokeKey
          shell={shell}
          apiKey={revoking.value}
          isLast={isLastOperator(revoking.value, known ?? [])}
          close={(done) => {
            revoking.value = undefined;
            if (done) void list.again();
          }}
        />
      )}
    </>
  );
}
