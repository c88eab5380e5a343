import type { Webhook, WebhookWithSecret } from '../../../../sdk/webhooks.ts';
import { OVERLAPS } from '../../model/webhook-words.ts';
import type { Shell } from '../../shell.ts';
import { Confirm } from '../fleet/confirm.tsx';
import { type MadeSecret, SecretDialog } from './secret-dialog.tsx';
import { inputFromFields, WebhookFields } from './webhook-fields.tsx';

function secretOf({ id, secret, publicKey }: WebhookWithSecret): MadeSecret {
  return {
    id,
    lead: 'It is shown only here and only once. With it the receiver checks that a message comes from this gateway; who has it could forge one.',
    lines: [
      { label: 'Secret (checks v1 signatures)', text: secret },
      { label: 'Public key (checks v1a signatures, and stays to be seen)', text: publicKey },
    ],
  };
}

/** Adds a webhook, and shows its secret once. */
export function AddWebhook({ shell, close }: { shell: Shell; close: (id?: string) => void }) {
  const { webhooks } = shell.api.client;
  return (
    <SecretDialog
      shell={shell}
      title="New webhook"
      action="Add the webhook"
      make={async (form) => secretOf(await webhooks.create(inputFromFields(form)))}
      close={close}
    >
      <p class="fine">
        The gateway sends events to this address, signed as Standard Webhooks says: ids and states, never the
        arguments of a call.
      </p>
      <WebhookFields />
    </SecretDialog>
  );
}

interface OfWebhook {
  readonly shell: Shell;
  readonly webhook: Webhook;
  readonly close: (done: boolean) => void;
}

/** Changes where a webhook sends, and what. */
export function ChangeWebhook({ shell, webhook, close }: OfWebhook) {
  const act = (form: FormData) => shell.api.client.webhooks.update(webhook.id, inputFromFields(form));
  return (
    <Confirm shell={shell} title="Change this webhook" action="Save" act={act} close={close}>
      <WebhookFields webhook={webhook} />
    </Confirm>
  );
}

/** Gives a webhook new keys, and shows the secret once. */
export function RotateWebhook({ shell, webhook, close }: OfWebhook) {
  const { webhooks } = shell.api.client;
  const make = async (form: FormData) =>
    secretOf(await webhooks.rotate(webhook.id, { overlapMs: Number(form.get('overlap')) }));
  return (
    <SecretDialog
      shell={shell}
      title="Give it new keys?"
      action="Make new keys"
      make={make}
      close={(id) => close(id !== undefined)}
    >
      <p>
        Messages are signed with the new keys from now on. Give the receiver the new secret while the old one
        still signs beside it.
      </p>
      <label>
        The old keys sign beside them for
        <select name="overlap">
          {OVERLAPS.map(([name, ms]) => (
            <option key={ms} value={ms}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </SecretDialog>
  );
}

/** Says what goes with a webhook, and removes it. */
export function RemoveWebhook({ shell, webhook, close }: OfWebhook) {
  return (
    <Confirm
      shell={shell}
      title="Remove this webhook?"
      action="Remove it"
      danger
      act={() => shell.api.client.webhooks.remove(webhook.id)}
      close={close}
    >
      <ul>
        <li>Nothing is sent to it any more, from this moment on.</li>
        <li>Its keys and the list of its deliveries are erased, those that wait included.</li>
      </ul>
      <p class="fine">To stop it for a time, switch it off instead.</p>
    </Confirm>
  );
}
