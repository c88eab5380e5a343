import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ServerTool } from '../../../../sdk/servers.ts';
import { explain } from '../../api.ts';
import { shownHash } from '../../model/server-words.ts';
import { Notice } from '../notice.tsx';

interface HashOfShown {
  readonly computed: string | undefined;
  readonly problem: string | undefined;
  /** Whether the gateway names the definition that is on this page. */
  readonly isThis: boolean;
}

/** The hash of the definition that this page shows, computed here. */
export function useShownHash(tool: ServerTool): HashOfShown {
  const computed = useSignal<string | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    shownHash(tool).then(
      (hash) => {
        computed.value = hash;
      },
      (error: unknown) => {
        problem.value = explain(error);
      },
    );
  }, [tool]);
  return { computed: computed.value, problem: problem.value, isThis: computed.value === tool.hash };
}

/** Shows that hash, and says so when it is another than the gateway's. */
export function ShownHash({ of: { computed, problem, isThis } }: { of: HashOfShown }) {
  return (
    <>
      <p class="fine">
        Its hash, computed from what this page showed: <code class="link">{computed ?? '…'}</code>
      </p>
      {((computed !== undefined && !isThis) || problem !== undefined) && (
        <Notice kind="error" title="Stopped: this hash is not that of what you saw">
          <p>
            {problem ?? 'The gateway named another one.'} Nothing was changed. Tell the operator of this
            gateway.
          </p>
        </Notice>
      )}
    </>
  );
}
