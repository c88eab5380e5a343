import { systemClock } from '../../../../core/clock.ts';
import { useLoaded } from '../../load.ts';
import { checkHead, forgetLog } from '../../log-trust.ts';
import { CANNOT_CHECK } from '../../model/log-key.ts';
import type { Shell } from '../../shell.ts';
import { useExactTime } from '../exact.tsx';
import { Badge } from '../fleet/badge.tsx';
import { TextOf } from '../text-of.tsx';

/** Millions of entries take seconds; it is asked only by hand. */
function WholeLedger({ shell }: { shell: Shell }) {
  const whole = useLoaded(shell, undefined, () => shell.api.client.logs.verify());
  const found = whole.value.value;
  return (
    <p>
      <button type="button" onClick={() => whole.again()}>
        Have the gateway recompute everything
      </button>{' '}
      <span role="status">
        {found?.ok && `All ${found.size} entries fit the signed head.`}
        {found?.ok === false && (
          <strong class="soon">
            Entry {found.problem?.seq} does not fit: <TextOf text={found.problem?.reason ?? ''} />
          </strong>
        )}
        {whole.problem.value}
      </span>
    </p>
  );
}

/** The newest signed head of the ledger, checked by this page, and against what this browser has seen before; anew with each `round`. */
export function LedgerHead({ shell, round }: { shell: Shell; round: string | undefined }) {
  const exact = useExactTime();
  const checked = useLoaded(shell, round, () => checkHead(shell.api.client, systemClock()));
  const found = checked.value.value;
  const problem = checked.problem.value;
  const cannot = problem?.startsWith(CANNOT_CHECK) ?? false;
  return (
    <section class="card" aria-labelledby="ledger-head">
      <h2 id="ledger-head">
        Ledger {problem !== undefined && <Badge state={cannot ? 'waiting' : 'failed'} words="not verified" />}
        {problem === undefined && found !== undefined && <Badge state="active" words="verified here" />}
        {problem === undefined && found === undefined && <Badge state="connecting" words="checking…" />}
      </h2>
      {problem !== undefined && (
        <div role={cannot ? 'status' : 'alert'}>
          <p class={cannot ? '' : 'soon'}>{problem}</p>
          <p>
            <button type="button" onClick={() => checked.again()}>
              Check again
            </button>{' '}
            {!cannot && (
              <button
                type="button"
                onClick={() => {
                  forgetLog();
                  void checked.again();
                }}
              >
                Forget what this browser has seen
              </button>
            )}
          </p>
          {!cannot && (
            <p class="fine">
              Forget it only when you know why the log was begun anew, such as after an installation was
              replaced.
            </p>
          )}
        </div>
      )}
      {problem === undefined && found !== undefined && (
        <p>
          <strong>{found.head.size}</strong> entries, signed by key <code>{found.head.keyId}</code> of{' '}
          <TextOf text={found.head.origin} />.{' '}
          {found.before !== undefined && found.before.size > 0
            ? `They continue the ${found.before.size} that this browser saw at ${exact(found.before.at)}.`
            : 'This browser sees this log for the first time, and remembers it.'}
        </p>
      )}
      <WholeLedger shell={shell} />
    </section>
  );
}
