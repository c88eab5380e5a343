import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useLoaded } from '../load.ts';
import { webhookAddress } from '../model/webhook-words.ts';
import { Notice } from '../parts/notice.tsx';
import { AddWebhook } from '../parts/settings/webhook-dialogs.tsx';
import { WebhookPage } from '../parts/settings/webhook-page.tsx';
import { WebhookRow } from '../parts/settings/webhook-row.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { ScreenProps, Shell } from '../shell.ts';

const ASK_AGAIN_MS = 5_000;

/** Where the gateway sends events and how that goes; or one of these with its deliveries. */
export function Webhooks({ shell, id }: ScreenProps) {
  return id === undefined ? <WebhookList shell={shell} /> : <WebhookPage key={id} shell={shell} id={id} />;
}

function WebhookList({ shell }: { shell: Shell }) {
  const adding = useSignal(false);
  const { webhooks } = shell.api.client;
  const list = useLoaded(shell, 'webhooks', async () => (await webhooks.list({ limit: 200 })).data);
  useEffect(() => {
    document.title = 'Webhooks · Countersign';
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') void list.again();
    }, ASK_AGAIN_MS);
    return () => window.clearInterval(timer);
  }, [shell]);
  const close = (id?: string) => {
    adding.value = false;
    if (id !== undefined) shell.go(webhookAddress(id));
  };
  const shown = list.value.value;
  return (
    <>
      <div class="heading">
        <h1>Webhooks</h1>
        <button type="button" class="primary" onClick={() => (adding.value = true)}>
          New webhook
        </button>
      </div>
      {list.problem.value !== undefined && (
        <Notice kind="error" title="The webhooks could not be loaded" retry={list.again}>
          <p>{list.problem.value}</p>
        </Notice>
      )}
      {shown === undefined && list.problem.value === undefined && <Skeleton rows={3} />}
      {shown?.length === 0 && (
        <Notice kind="info" title="No webhooks yet">
          <p>
            A webhook tells a program of yours what happens here: that a call waits, was decided, or has
            ended. Add one with the address where it listens.
          </p>
        </Notice>
      )}
      <ul class="fleet" aria-label="Webhooks">
        {(shown ?? []).map((webhook) => (
          <WebhookRow key={webhook.id} webhook={webhook} />
        ))}
      </ul>
      {adding.value && <AddWebhook shell={shell} close={close} />}
    </>
  );
}
