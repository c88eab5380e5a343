import type { PushDevice } from '../../../../sdk/push.ts';
import { Badge } from '../fleet/badge.tsx';
import { Moment } from '../fleet/moment.tsx';
import { TextOf } from '../text-of.tsx';

interface DeviceRowProps {
  readonly device: PushDevice;
  /** It is the browser that shows it. */
  readonly own: boolean;
  readonly now: number;
  readonly remove: () => void;
}

/** One device of the person: since when it is told, when it was last, and what went wrong. */
export function DeviceRow({ device, own, now, remove }: DeviceRowProps) {
  const { name, createdAt, toldAt, lastError } = device;
  return (
    <li class="person">
      <div class="about">
        <strong>
          <TextOf text={name} />
        </strong>{' '}
        {own && <Badge state="active" words="this device" />}
        <p class="fine">
          added <Moment at={createdAt} now={now} />,{' '}
          {toldAt === null ? (
            'told of nothing yet'
          ) : (
            <>
              last told <Moment at={toldAt} now={now} />
            </>
          )}
        </p>
        {lastError !== null && (
          <p class="problem">
            The newest that has not arrived: <TextOf text={lastError} />
          </p>
        )}
      </div>
      <button type="button" class="quiet" onClick={remove}>
        Remove <span class="visually-hidden">{name}</span>
      </button>
    </li>
  );
}
