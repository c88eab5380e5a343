import { TextOf } from '../text-of.tsx';
import type { ReviewProps } from './accept-tool.tsx';
import { Confirm } from './confirm.tsx';
import { ShownHash, useShownHash } from './shown-hash.tsx';

const REASON_CHARACTERS = 500;

/** Refuses exactly the definition that was shown, as it would be accepted. */
export function RefuseTool({ shell, tool, close }: ReviewProps) {
  const shown = useShownHash(tool);
  const { server, tool: name, hash } = tool;
  const act = (form: FormData) => {
    const reason = String(form.get('reason') ?? '').trim();
    return shell.api.client.servers.refuse({
      server,
      tool: name,
      hash,
      ...(reason === '' ? {} : { reason }),
    });
  };
  return (
    <Confirm
      shell={shell}
      title="Refuse this definition?"
      action="Refuse it"
      ready={shown.isThis}
      act={act}
      close={close}
    >
      <p>
        <code>
          <TextOf text={`${server}/${name}`} />
        </code>{' '}
        stays shut, and nobody is asked to review this definition again, however often its server offers it.
        It can still be accepted later. If the server offers something else by now, nothing is refused.
      </p>
      <label>
        Reason <span class="fine">(kept on the ledger, and told to agents that call it)</span>
        <input name="reason" maxLength={REASON_CHARACTERS} autocomplete="off" />
      </label>
      <ShownHash of={shown} />
    </Confirm>
  );
}
