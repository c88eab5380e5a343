import { useSignal } from '@preact/signals';
import type { Channel, ChannelTrial } from '../../../../sdk/channels.ts';
import { useLoaded } from '../../load.ts';
import { CHANNEL_WORDS, devicesText, mannerTexts, whenText } from '../../model/channel-words.ts';
import type { Shell } from '../../shell.ts';
import { Badge } from '../fleet/badge.tsx';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { TextOf } from '../text-of.tsx';

interface ChannelRowProps {
  readonly channel: Channel;
  readonly test: () => void;
  readonly busy: boolean;
}

function ChannelRow({ channel, test, busy }: ChannelRowProps) {
  const { name, type, devices, gathered, pending, dead, lastError } = channel;
  return (
    <li class="person">
      <div class="about">
        <strong>
          <TextOf text={name} />
        </strong>{' '}
        <span class="label">{CHANNEL_WORDS[type]}</span>{' '}
        {pending > 0 && <Badge state="waiting" words={`${pending} waiting`} />}{' '}
        {dead > 0 && <Badge state="failed" words={`${dead} given up`} />}
        <p class="fine">
          Told of: <TextOf text={whenText(channel)} />
        </p>
        {mannerTexts(channel).map((text) => (
          <p key={text} class="fine">
            <TextOf text={text} />
          </p>
        ))}
        {devices !== null && <p class="fine">{devicesText(devices)}</p>}
        {gathered > 0 && <p class="fine">{gathered} being gathered</p>}
        {lastError !== null && (
          <p class="problem">
            The newest that has not arrived: <TextOf text={lastError} />
          </p>
        )}
      </div>
      {devices === null && (
        <button type="button" class="quiet" disabled={busy} onClick={test}>
          Send a test <span class="visually-hidden">to {name}</span>
        </button>
      )}
    </li>
  );
}

/** How people are told that something waits for them, and whether that works. */
export function ChannelsCard({ shell }: { shell: Shell }) {
  const { channels } = shell.api.client;
  const list = useLoaded(shell, 'channels', async () => (await channels.list()).data);
  const trial = useSignal<(ChannelTrial & { readonly name: string }) | undefined>(undefined);
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const test = async (name: string) => {
    busy.value = true;
    problem.value = undefined;
    trial.value = undefined;
    try {
      trial.value = { name, ...(await channels.test(name)) };
    } catch (error) {
      problem.value = shell.failed(error);
    }
    busy.value = false;
    await list.again();
  };
  const shown = list.value.value;
  const failure = list.problem.value ?? problem.value;
  return (
    <section class="card" aria-labelledby="channels">
      <h2 id="channels">Channels</h2>
      {failure !== undefined && (
        <Notice kind="error" title="The channels did not answer" retry={list.again}>
          <p>{failure}</p>
        </Notice>
      )}
      {shown === undefined && list.problem.value === undefined && <Skeleton rows={2} />}
      {shown?.length === 0 && (
        <p>
          None: whoever decides must look here. Name mail, ntfy, Slack or Discord under <code>channels</code>{' '}
          in the configuration, and people get a link when something waits for them.
        </p>
      )}
      <ul class="people" aria-label="Channels">
        {(shown ?? []).map((channel) => (
          <ChannelRow
            key={channel.name}
            channel={channel}
            busy={busy.value}
            test={() => void test(channel.name)}
          />
        ))}
      </ul>
      {trial.value !== undefined && (
        <Notice
          kind={trial.value.delivered ? 'good' : 'error'}
          title={trial.value.delivered ? 'The test was taken' : 'The test was not taken'}
        >
          <p>
            <TextOf text={trial.value.name} />:{' '}
            <TextOf text={trial.value.error ?? `answered with ${trial.value.status ?? 'nothing wrong'}`} />.
          </p>
        </Notice>
      )}
    </section>
  );
}
