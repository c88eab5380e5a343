import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ServerTool } from '../../../../sdk/servers.ts';
import { changesOf, tally } from '../../../../sdk/tool-change.ts';
import { explain } from '../../api.ts';
import { shownHash } from '../../model/server-words.ts';
import type { Shell } from '../../shell.ts';
import { Notice } from '../notice.tsx';
import { TextOf } from '../text-of.tsx';
import { Confirm } from './confirm.tsx';

interface AcceptProps {
  readonly shell: Shell;
  /** As it was shown when the person chose to accept it. */
  readonly tool: ServerTool;
  readonly close: (done: boolean) => void;
}

/** Accepts exactly the definition that was shown: by its hash, which this page computes from what it showed. */
export function AcceptTool({ shell, tool, close }: AcceptProps) {
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
  const differs = computed.value !== undefined && computed.value !== tool.hash;
  const { added, changed, removed } = tally(changesOf(tool));
  return (
    <Confirm
      shell={shell}
      title="Accept this definition?"
      action="Accept it"
      ready={computed.value === tool.hash}
      act={() => shell.api.client.servers.accept({ server: tool.server, tool: tool.tool, hash: tool.hash })}
      close={close}
    >
      <p>
        <code>
          <TextOf text={`${tool.server}/${tool.tool}`} />
        </code>
        : {added} added, {changed} changed, {removed} removed. Agents whose scope and policy allow it can call
        it as soon as you accept. If the server offers something else by then, nothing is accepted.
      </p>
      <p class="fine">
        Its hash, computed from what this page showed: <code class="link">{computed.value ?? '…'}</code>
      </p>
      {(differs || problem.value !== undefined) && (
        <Notice kind="error" title="Refused: this hash is not that of what you saw">
          <p>
            {problem.value ?? 'The gateway named another one.'} Nothing was accepted. Tell the operator of
            this gateway.
          </p>
        </Notice>
      )}
    </Confirm>
  );
}
