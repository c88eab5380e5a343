import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiKey } from '../../../sdk/keys.ts';
import { useLoaded } from '../load.ts';
import { isLastOperator, keyOrder, ROLE_WORDS } from '../model/key-words.ts';
import { Confirm } from '../parts/fleet/confirm.tsx';
import { CopyLine } from '../parts/fleet/copy-line.tsx';
import { Notice } from '../parts/notice.tsx';
import { KeyRow } from '../parts/settings/key-row.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { TextOf } from '../parts/text-of.tsx';
import type { ScreenProps, Shell } from '../shell.ts';

const MAKE_KEY = 'countersign key create --name ci --role minter,reader';

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

/** How a key is made, and why not here. */
function MakeOne() {
  return (
    <section class="card" aria-labelledby="make-key">
      <h2 id="make-key">Make a key</h2>
      <p>
        Keys are made with an operator’s key, never from this page: a key may do what a signed-in person may
        not, such as minting sessions for anybody’s agents, and it outlasts every sign-in. On the machine
        where the gateway was started, the command line has such a key:
      </p>
      <CopyLine label="Shows the new key once" text={MAKE_KEY} />
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

/** The API keys of programs: what each may, who made it, and its end. */
export function Keys({ shell }: ScreenProps) {
  const revoking = useSignal<ApiKey | undefined>(undefined);
  const all = useSignal(false);
  const { keys } = shell.api.client;
  const list = useLoaded(shell, 'keys', async () => keyOrder((await keys.list()).data));
  useEffect(() => {
    document.title = 'Keys · Countersign';
  }, [shell]);
  const known = list.value.value;
  const ended = known?.filter(({ revokedAt }) => revokedAt !== null).length ?? 0;
  const shown = known?.filter(({ revokedAt }) => all.value || revokedAt === null);
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
      </div>
      <p class="lead">What programs call this gateway with: your server, a pipeline, the command line.</p>
      {list.problem.value !== undefined && (
        <Notice kind="error" title="The keys could not be loaded" retry={list.again}>
          <p>{list.problem.value}</p>
        </Notice>
      )}
      {shown === undefined && list.problem.value === undefined && <Skeleton rows={3} />}
      {shown?.length === 0 && (
        <Notice kind="info" title="No keys in force">
          <p>Make one with the command below when a program needs to call the gateway.</p>
        </Notice>
      )}
      <ul class="fleet" aria-label="API keys">
        {(shown ?? []).map((one) => (
          <KeyRow
            key={one.id}
            apiKey={one}
            now={shell.now.value}
            revoke={() => {
              revoking.value = one;
            }}
          />
        ))}
      </ul>
      <MakeOne />
      <Roles />
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
