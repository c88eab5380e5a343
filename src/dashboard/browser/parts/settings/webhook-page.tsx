import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { isCountersignApiError } from '../../../../sdk/api-error.ts';
import type { Webhook, WebhookTrial } from '../../../../sdk/webhooks.ts';
import { useLoaded } from '../../load.ts';
import { eventsText, standingOf } from '../../model/webhook-words.ts';
import type { Shell } from '../../shell.ts';
import { Exact } from '../exact.tsx';
import { Badge } from '../fleet/badge.tsx';
import { CopyLine } from '../fleet/copy-line.tsx';
import { Moment } from '../fleet/moment.tsx';
import { Fact } from '../fleet/session-facts.tsx';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { TextOf } from '../text-of.tsx';
import { Deliveries } from './deliveries.tsx';
import { ChangeWebhook, RemoveWebhook, RotateWebhook } from './webhook-dialogs.tsx';
import { DeliveryCounts } from './webhook-row.tsx';

const ASK_AGAIN_MS = 5_000;

function WebhookFacts({ webhook, now }: { webhook: Webhook; now: number }) {
  const { state, words, sentence } = standingOf(webhook);
  return (
    <section class="card facts" aria-label="The webhook">
      <dl>
        <Fact name="State">
          <Badge state={state} words={words} /> {sentence}
        </Fact>
        <Fact name="Address">
          <TextOf text={webhook.url} />
        </Fact>
        {webhook.description !== '' && (
          <Fact name="Description">
            <TextOf text={webhook.description} />
          </Fact>
        )}
        <Fact name="Is told of">{eventsText(webhook)}</Fact>
        <Fact name="Deliveries">
          <DeliveryCounts webhook={webhook} />
          {webhook.pending === 0 && webhook.dead === 0 && 'none waits, none was given up'}
        </Fact>
        {webhook.previousUntil !== null && (
          <Fact name="Old keys">
            sign too, for the last time <Moment at={webhook.previousUntil} now={now} />
          </Fact>
        )}
        <Fact name="Added">
          <Moment at={webhook.createdAt} now={now} /> (<Exact at={webhook.createdAt} />) by{' '}
          <code>
            <TextOf text={webhook.createdBy} />
          </code>
        </Fact>
      </dl>
      <CopyLine label="Public key, for the v1a signatures of its messages" text={webhook.publicKey} />
    </section>
  );
}

function Trial({ trial }: { trial: WebhookTrial }) {
  const { delivered, status, error, event } = trial;
  const answer = error ?? `answered with ${status}`;
  return (
    <Notice
      kind={delivered ? 'good' : 'error'}
      title={delivered ? 'The test was taken' : 'The test was not taken'}
    >
      <p>
        <code>webhook.test</code> was sent as <code>{event}</code>: <TextOf text={answer} />.
      </p>
      {!delivered && <p>It is not sent again. See to the receiver, then send another.</p>}
    </Notice>
  );
}

type Dialog = 'change' | 'rotate' | 'remove' | undefined;

/** One webhook: where it sends, how that goes, and what can be done about it. */
export function WebhookPage({ shell, id }: { shell: Shell; id: string }) {
  const { webhooks } = shell.api.client;
  const open = useSignal<Dialog>(undefined);
  const trial = useSignal<WebhookTrial | undefined>(undefined);
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const found = useLoaded(shell, id, async () => {
    try {
      return { webhook: await webhooks.get(id) };
    } catch (error) {
      if (isCountersignApiError(error) && error.status === 404) return { webhook: undefined };
      throw error;
    }
  });
  useEffect(() => {
    document.title = 'Webhook · Countersign';
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') void found.again();
    }, ASK_AGAIN_MS);
    return () => window.clearInterval(timer);
  }, [shell, id]);

  const run = async (act: () => Promise<unknown>) => {
    busy.value = true;
    problem.value = undefined;
    try {
      await act();
      await found.again();
    } catch (error) {
      problem.value = shell.failed(error);
    }
    busy.value = false;
  };
  const test = () =>
    run(async () => {
      trial.value = undefined;
      trial.value = await webhooks.test(id);
    });
  const shown = found.value.value;
  const webhook = shown?.webhook;
  const failure = found.problem.value ?? problem.value;
  const show = (dialog: Dialog) => () => {
    open.value = dialog;
  };
  const close = (done: boolean) => {
    open.value = undefined;
    if (done) void found.again();
  };
  return (
    <article>
      <p>
        <a href="/webhooks">← Webhooks</a>
      </p>
      <h1>
        Webhook <code>{id}</code>
      </h1>
      {failure !== undefined && (
        <Notice kind="error" title="That did not work" retry={found.again}>
          <p>{failure}</p>
        </Notice>
      )}
      {shown === undefined && found.problem.value === undefined && <Skeleton rows={4} />}
      {shown !== undefined && webhook === undefined && (
        <Notice kind="error" title="There is no such webhook">
          <p>
            The link may be cut off, or it was removed. <a href="/webhooks">See all webhooks</a>.
          </p>
        </Notice>
      )}
      {webhook !== undefined && (
        <>
          <WebhookFacts webhook={webhook} now={shell.now.value} />
          <div class="buttons">
            <button type="button" class="primary" disabled={busy.value} onClick={test}>
              Send a test
            </button>
            <button
              type="button"
              disabled={busy.value}
              onClick={() => run(() => webhooks.update(id, { enabled: !webhook.enabled }))}
            >
              {webhook.enabled ? 'Switch it off' : 'Switch it on'}
            </button>
            <button type="button" onClick={show('change')}>
              Change…
            </button>
            <button type="button" onClick={show('rotate')}>
              New keys…
            </button>
            <button type="button" class="quiet" onClick={show('remove')}>
              Remove…
            </button>
          </div>
          {trial.value !== undefined && <Trial trial={trial.value} />}
          <Deliveries shell={shell} webhook={webhook} changed={() => void found.again()} />
          {open.value === 'change' && <ChangeWebhook shell={shell} webhook={webhook} close={close} />}
          {open.value === 'rotate' && <RotateWebhook shell={shell} webhook={webhook} close={close} />}
          {open.value === 'remove' && (
            <RemoveWebhook
              shell={shell}
              webhook={webhook}
              close={(done) => (done ? shell.go('/webhooks', { replace: true }) : close(false))}
            />
          )}
        </>
      )}
    </article>
  );
}
