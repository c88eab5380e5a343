import type { ServerTool } from '../../../../sdk/servers.ts';
import { changesOf, tally } from '../../../../sdk/tool-change.ts';
import type { Shell } from '../../shell.ts';
import { TextOf } from '../text-of.tsx';
import { Confirm } from './confirm.tsx';
import { ShownHash, useShownHash } from './shown-hash.tsx';

export interface ReviewProps {
  readonly shell: Shell;
  /** As it was shown when the person chose what to do with it. */
  readonly tool: ServerTool;
  readonly close: (done: boolean) => void;
}

/** Accepts exactly the definition that was shown: by its hash, which this page computes from what it showed. */
export function AcceptTool({ shell, tool, close }: ReviewProps) {
  const shown = useShownHash(tool);
  const { added, changed, removed } = tally(changesOf(tool));
  return (
    <Confirm
      shell={shell}
      title="Accept this definition?"
      action="Accept it"
      ready={shown.isThis}
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
      <ShownHash of={shown} />
    </Confirm>
  );
}
