import { useSignal } from '@preact/signals';
import type { MintedSession } from '../../../../sdk/sessions.ts';
import { useLoaded } from '../../load.ts';
import { NOTHING_PICKED, reachesAnything, scopeOf } from '../../model/connection.ts';
import { mintInputFrom } from '../../model/session-words.ts';
import type { Shell } from '../../shell.ts';
import { Dialog, DialogForm } from '../dialog.tsx';
import { Notice } from '../notice.tsx';
import { SessionTerms } from '../session-terms.tsx';
import { Skeleton } from '../skeleton.tsx';
import { Minted } from './minted.tsx';

interface MintProps {
  readonly shell: Shell;
  /** Called with the new session's id, and without one when the person has left. */
  readonly close: (id?: string) => void;
}

/** Makes a session for an agent of the person's own: what it may use, how long, and then its token, once. */
export function Mint({ shell, close }: MintProps) {
  const minted = useSignal<MintedSession | undefined>(undefined);
  const session = minted.value;
  if (session !== undefined) return <Minted session={session} close={() => close(session.id)} />;
  return (
    <Dialog title="New session" class="mint" close={() => close()}>
      <MintForm
        shell={shell}
        made={(next) => {
          minted.value = next;
        }}
      />
    </Dialog>
  );
}

interface MintFormProps {
  readonly shell: Shell;
  readonly made: (session: MintedSession) => void;
}

function MintForm({ shell, made }: MintFormProps) {
  const picked = useSignal(NOTHING_PICKED);
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

  return (
    <DialogForm
      shell={shell}
      action="Make the session"
      ready={!isEmpty}
      failed="Nothing was made"
      note={isEmpty ? 'Choose first what it may use.' : undefined}
      act={async (form) => made(await sessions.mint(mintInputFrom(scope, form)))}
    >
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
      <SessionTerms servers={offered.value.value ?? []} picked={picked} />
      <label>
        Calls at most <span class="fine">(no limit when empty)</span>
        <input name="cap" inputMode="numeric" autocomplete="off" />
      </label>
    </DialogForm>
  );
}
