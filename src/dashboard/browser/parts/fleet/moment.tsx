import { useExactTime } from '../exact.tsx';
import { Lasting } from '../lasting.tsx';

/** The clocks of gateway and page differ, and the page's goes by whole seconds: nothing that is past is still to come. */
const CLOSE_MS = 2_000;

function Distance({ awayMs }: { awayMs: number }) {
  if (Math.abs(awayMs) < CLOSE_MS) return <>now</>;
  return awayMs > 0 ? <Lasting ms={awayMs} before="in " /> : <Lasting ms={-awayMs} after=" ago" />;
}

/** A time as one reads it at a glance, with the exact one behind it. */
export function Moment({ at, now }: { at: string; now: number }) {
  const exact = useExactTime();
  return (
    <time dateTime={at} title={exact(at)}>
      <Distance awayMs={Date.parse(at) - now} />
    </time>
  );
}
