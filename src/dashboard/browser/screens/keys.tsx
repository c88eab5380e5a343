import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiKey } from '../../../sdk/keys.ts';
import { useLoaded, wholeList } from '../load.ts';
import { isLastOperator, makerText, ROLE_WORDS } from '../model/key-words.ts';
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

const PAGE = 50;
const ALL_PAGE = 200;

interface RevokeKeyProps {
  readonly shell: Shell;
  readonly apiKey: ApiKey;
  readonly close: (done: boolean) => void;
}

function RevokeKey({ shell, apiKey, close }: RevokeKeyProps) {
  const { keys } = shell.api.client;
  const isLast = useLoaded(shell, apiKey.id, async () =>
    isLastOperator(apiKey, await wholeList(keys.list({ state: 'active', limit: ALL_PAGE }))),
  );
  return (
    <Confirm
      shell={shell}
      title="Revoke this key now?"
      action="Revoke now"
      danger
      // Where that is not known, the gateway refuses it all the same.
      ready={isLast.value.value === false || isLast.problem.value !== undefined}
      act={() => keys.revoke(apiKey.id)}
      close={close}
    >
      <ul>
        <li>
          <TextOf text={apiKey.name} /> (<code>cs_…{apiKey.hint}</code>) stops working at once and for good;
          what it follows live ends too.
        </li>
        <li>Sessions that were minted with it go on. Revoke them under Sessions.</li>
      </ul>
      {isLast.value.value === true && (
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
  const state = useSignal<'active' | 'revoked'>('active');
  const pages = useSignal(1);
  const { keys, approvers } = shell.api.client;
  const maker = new URLSearchParams(queryOf(shell)).get('made_by');
  const list = useLoaded(shell, JSON.stringify([state.value, pages.value, maker]), async () => {
    const filter = { state: state.value, createdBy: maker ?? undefined, limit: PAGE };
    const { data: people } = await approvers.list({ limit: ALL_PAGE });
    const found: ApiKey[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < pages.value && (page === 0 || cursor !== null); page++) {
      const next = await keys.list({ ...filter, cursor: cursor ?? undefined });
      found.push(...next.data);
      cursor = next.nextCursor;
    }
    return { state: filter.state, found, people, more: cursor !== null };
  });
  useEffect(() => {
    document.title = 'Keys · Countersign';
  }, [shell]);
  const shown = list.value.value;
  const { people = [] } = shown ?? {};
  const showsRevoked = state.value === 'revoked';
  const choose = (next: 'active' | 'revoked') => {
    state.value = next;
    pages.value = 1;
  };
  return (
    <>
      <div class="heading">
        <h1>Keys</h1>
        <button type="button" class="quiet" onClick={() => choose(showsRevoked ? 'active' : 'revoked')}>
          {showsRevoked ? 'Show keys in force' : 'Show revoked keys'}
        </button>
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
      {shown?.found.length === 0 && shown.state === 'active' && (
        <Notice kind="info" title="No keys in force">
          <p>Make one when a program needs to call the gateway. Your passkey signs for it.</p>
        </Notice>
      )}
      {shown?.found.length === 0 && shown.state === 'revoked' && <p class="fine">No key was revoked.</p>}
      <ul class="fleet" aria-label="API keys">
        {(shown?.found ?? []).map((one) => (
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
      {shown?.more && (
        <button type="button" onClick={() => (pages.value += 1)}>
          Show more
        </button>
      )}
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
          close={(done) => {
            revoking.value = undefined;
            if (done) void list.again();
          }}
        />
      )}
    </>
  );
}
