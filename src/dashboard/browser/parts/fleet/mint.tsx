import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { MintedSession } from '../../../../sdk/sessions.ts';
import { useLoaded } from '../../load.ts';
import { LIFETIMES, type PickedScope, reachesAnything, scopeOf } from '../../model/connection.ts';
import { mintInputFrom } from '../../model/session-words.ts';
import type { Shell } from '../../shell.ts';
import { Notice } from '../notice.tsx';
import { ScopePicker } from '../scope-picker.tsx';
import { Skeleton } from '../skeleton.tsx';
import { Minted } from './minted.tsx';

const NOTHING: PickedScope = { everything: false, servers: new Set(), tools: new Set(), patterns: '' };

interface MintProps {
  readonly shell: Shell;
  /** Called with the new session's id, and without one when the person has left. */
  readonly close: (id?: string) => void;
}

/** Makes a session for an agent of the person's own: what it may use, how long, and then its token, once. */
export function Mint({ shell, close }: MintProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const minted = useSignal<MintedSession | undefined>(undefined);
  useEffect(() => dialog.current?.showModal(), []);
  const session = minted.value;
  return (
    <dialog
      ref={dialog}
      class="act mint"
      aria-labelledby="mint-title"
      // Escape must not throw away a token that nobody has copied yet.
      onCancel={(event) => minted.value !== undefined && event.preventDefault()}
      onClose={() => close(minted.value?.id)}
    >
      {session === undefined ? (
        <MintForm
          shell={shell}
          made={(next) => {
            minted.value = next;
          }}
          leave={() => dialog.current?.close()}
        />
      ) : (
        <Minted session={session} done={() => dialog.current?.close()} />
      )}
    </dialog>
  );
}

interface MintFormProps {
  readonly shell: Shell;
  readonly made: (session: MintedSession) => void;
  readonly leave: () => void;
}

function MintForm({ shell, made, leave }: MintFormProps) {
  const picked = useSignal(NOTHING);
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const { servers, sessions } = shell.api.client;
  const offered = useLoaded(shell, 'offered', async () => {
    const { data } = await servers.list();
    return await Promise.all(
      data.map(async ({ name }) => ({
        server: name,
        tools: (await servers.tools(name)).data.map(({ tool }) => tool),
      })),
    );
  });
  const scope = scopeOf(picked.value);
  const isEmpty = !reachesAnything(scope);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const typed = (name: string) => String(data.get(name) ?? '');
    busy.value = true;
    problem.value = undefined;
    try {
      const form = { ttlMs: Number(typed('lifetime')), labels: typed('labels'), callCap: typed('cap') };
      made(await sessions.mint(mintInputFrom(scope, form)));
    } catch (error) {
      problem.value = shell.failed(error);
    }
    busy.value = false;
  };

  return (
    <form onSubmit={submit}>
      <h2 id="mint-title">New session</h2>
      <p class="fine">
        A session is what one agent connects with. This one acts for you: policy judges each call, and where a
        rule excludes the requester somebody else must approve it. For other users’ agents take an API key
        with the role minter.
      </p>
      {offered.value.value === undefined && offered.problem.value === undefined && <Skeleton rows={2} />}
      {offered.problem.value !== undefined && (
        <Notice kind="error" title="The servers could not be listed" retry={offered.again}>
          <p>{offered.problem.value} You can still write patterns.</p>
        </Notice>
      )}
      <ScopePicker
        servers={offered.value.value ?? []}
        picked={picked.value}
        pick={(next) => {
          picked.value = next;
        }}
      />
      <label>
        For how long
        <select name="lifetime">
          {LIFETIMES.map(([name, ms]) => (
            <option key={ms} value={ms}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Labels <span class="fine">(name=value, for policies and for the ledger)</span>
        <input name="labels" autocomplete="off" spellcheck={false} placeholder="client=laptop" />
      </label>
      <label>
        Calls at most <span class="fine">(no limit when empty)</span>
        <input name="cap" inputMode="numeric" autocomplete="off" />
      </label>
      {problem.value !== undefined && (
        <Notice kind="error" title="Nothing was made">
          <p>{problem.value}</p>
        </Notice>
      )}
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy.value || isEmpty}>
          Make the session
        </button>
        <button type="button" disabled={busy.value} onClick={leave}>
          Back
        </button>
        {isEmpty && <p class="fine">Choose first what it may use.</p>}
      </div>
    </form>
  );
}
