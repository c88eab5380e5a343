import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ChannelTrial } from '../../../../sdk/channels.ts';
import type { Me } from '../../api.ts';
import { isFocusLost } from '../../arrival.ts';
import { useDeed } from '../../deed.ts';
import { useLoaded } from '../../load.ts';
import { guessDeviceName } from '../../model/device-name.ts';
import { STATE_WORDS } from '../../model/push-device.ts';
import { lookAtPush, type PushStanding, removeDevice, turnPushOff, turnPushOn } from '../../push-device.ts';
import type { Shell } from '../../shell.ts';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { TextOf } from '../text-of.tsx';
import { Trouble } from '../trouble.tsx';
import { DeviceRow } from './device-row.tsx';

const LONGEST_NAME = 100;
const CLOSED =
  'The browser’s question was closed without an answer, so nothing was turned on. Press the button again, and choose Allow.';

interface HereProps {
  readonly standing: PushStanding;
  readonly turnOn: (name: string) => void;
  readonly turnOff: () => void;
  readonly test: (id: string) => void;
}

/** How notifications stand in this browser, and what can be done about it. */
function Here({ standing: { state, own }, turnOn, turnOff, test }: HereProps) {
  const name = useSignal(guessDeviceName(navigator.userAgent));
  if (state === 'on' && own !== undefined) {
    return (
      <>
        <p>They are on in this browser.</p>
        <div class="buttons">
          <button type="button" onClick={() => test(own)}>
            Send a test
          </button>
          <button type="button" class="quiet" onClick={turnOff}>
            Turn off
          </button>
        </div>
      </>
    );
  }
  if (state !== 'off' && state !== 'on') return <p>{STATE_WORDS[state]}</p>;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    turnOn(name.value.trim());
  };
  return (
    <form onSubmit={submit}>
      <label>
        Name of this device
        <input
          required
          maxLength={LONGEST_NAME}
          pattern=".*\S.*"
          value={name.value}
          onInput={({ currentTarget }) => (name.value = currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        Turn on notifications
      </button>
    </form>
  );
}

function Tried({ trial: { delivered, error, status } }: { trial: ChannelTrial }) {
  if (delivered) {
    return (
      <Notice kind="good" title="The push service took the test">
        <p>
          It appears on this device within moments. If it does not, look whether the system holds
          notifications back.
        </p>
      </Notice>
    );
  }
  return (
    <Notice kind="error" title="The test was not taken">
      <p>
        <TextOf text={error ?? `answered with ${status ?? 'nothing'}`} />.
      </p>
    </Notice>
  );
}

/** Whether and how this browser, and the other devices of the person, tell of calls by themselves. */
export function NotificationsCard({ shell, me }: { shell: Shell; me: Me }) {
  const { push } = shell.api.client;
  const deps = { push, person: me.id };
  const standing = useLoaded(shell, 'push', () => lookAtPush(deps));
  const deed = useDeed<string>(shell, 'That did not succeed');
  const trial = useSignal<ChannelTrial | undefined>(undefined);
  const heading = useRef<HTMLHeadingElement>(null);
  const came = useRef(location.hash === '#notifications');
  const acted = useRef(false);
  const shown = standing.value.value;

  useEffect(() => {
    if (shown === undefined) return;
    // Whoever comes for this card is brought to it, and the button that was pressed may be gone.
    if (came.current || (acted.current && isFocusLost())) heading.current?.focus();
    came.current = false;
    acted.current = false;
  }, [shown]);

  const run = async (act: () => Promise<void>) => {
    // A button that is switched off meanwhile would lose the focus.
    if (deed.doing !== undefined) return;
    trial.value = undefined;
    await deed.run('push', act);
    acted.current = true;
    await standing.again();
  };
  const turnOn = async (name: string) => {
    if ((await turnPushOn(deps, name)) === 'default') throw new Error(CLOSED);
  };
  const test = async (id: string) => {
    trial.value = await push.test(id);
  };

  const failure = standing.problem.value;
  return (
    <section class="card" aria-labelledby="notifications">
      <h2 id="notifications" ref={heading} tabIndex={-1}>
        Notifications on this device
      </h2>
      <p class="fine">
        The browser tells you of calls that you may decide, also while this page is closed. A notification
        decides nothing: it opens the call, and your passkey signs as ever.
      </p>
      <Trouble of={deed.trouble} />
      {failure !== undefined && (
        <Notice kind="error" title="Your devices could not be loaded" retry={standing.again}>
          <p>{failure}</p>
        </Notice>
      )}
      {shown === undefined && failure === undefined && <Skeleton rows={2} />}
      {shown !== undefined && (
        <Here
          standing={shown}
          turnOn={(name) => void run(() => turnOn(name))}
          turnOff={() => void run(() => turnPushOff(deps))}
          test={(id) => void run(() => test(id))}
        />
      )}
      {trial.value !== undefined && <Tried trial={trial.value} />}
      {shown !== undefined && shown.devices.length > 0 && (
        <>
          <h3 id="devices">Your devices</h3>
          <ul class="people" aria-labelledby="devices">
            {shown.devices.map((device) => (
              <DeviceRow
                key={device.id}
                device={device}
                own={device.id === shown.own}
                now={shell.now.value}
                remove={() => void run(() => removeDevice(deps, device.id))}
              />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
