import type { Diagnostics } from '../../../../sdk/diagnostics.ts';
import type { Witness } from '../../../../sdk/witnesses.ts';
import type { Loaded } from '../../load.ts';
import { type Concern, concernsOf, witnessStanding } from '../../model/standing.ts';
import { Badge } from '../fleet/badge.tsx';
import { CopyLine } from '../fleet/copy-line.tsx';
import { Moment } from '../fleet/moment.tsx';
import { Fact } from '../fleet/session-facts.tsx';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { TextOf } from '../text-of.tsx';

/** What the gateway says of itself, and what this device’s clock showed when it came. */
export interface Report {
  readonly diagnostics: Diagnostics;
  /** Milliseconds since the epoch. */
  readonly here: number;
}

/** The parts of a card that wait for the gateway’s report, or say why there is none. */
function Waiting({ loaded, what }: { loaded: Loaded<unknown>; what: string }) {
  if (loaded.problem.value !== undefined)
    return (
      <Notice kind="error" title={`${what} could not be loaded`} retry={loaded.again}>
        <p>{loaded.problem.value}</p>
      </Notice>
    );
  return loaded.value.value === undefined ? <Skeleton rows={2} /> : null;
}

/** Which gateway this is, how far its log goes, and the key that vouches for it. */
export function GatewayCard({ report, now }: { report: Loaded<Report>; now: number }) {
  const found = report.value.value?.diagnostics;
  return (
    <section class="card facts" aria-labelledby="gateway">
      <h2 id="gateway">This gateway</h2>
      <Waiting loaded={report} what="The gateway’s report" />
      {found !== undefined && (
        <>
          <dl>
            <Fact name="Version">{found.version}</Fact>
            <Fact name="Log">
              {found.ledger.size} {found.ledger.size === 1 ? 'entry' : 'entries'}
              {found.ledger.newestAt !== null && (
                <>
                  , the newest <Moment at={found.ledger.newestAt} now={now} />
                </>
              )}
            </Fact>
          </dl>
          <CopyLine
            label="Public address. Passkeys are bound to its host: under another one they would not work."
            text={found.publicOrigin}
          />
          <CopyLine
            label="Key of the log. Keep a copy elsewhere: with it anybody can check an export, and that nobody exchanged the log."
            text={found.ledger.vkey}
          />
        </>
      )}
    </section>
  );
}

function Concerns({ concerns }: { concerns: readonly Concern[] }) {
  if (concerns.length === 0)
    return <p>Nothing to see to: clocks agree, servers answer, and every rule has enough people.</p>;
  return (
    <ul class="concerns">
      {concerns.map(({ what, todo }) => (
        <li key={what}>
          <TextOf text={what} unicode /> <span class="todo">{todo}</span>
        </li>
      ))}
    </ul>
  );
}

/** What somebody should see to, as far as the gateway can tell from inside. */
export function StandingCard({ report }: { report: Loaded<Report> }) {
  const found = report.value.value;
  return (
    <section class="card" aria-labelledby="standing">
      <div class="heading">
        <h2 id="standing">How it stands</h2>
        <button type="button" class="quiet" onClick={() => report.again()}>
          Look again
        </button>
      </div>
      <Waiting loaded={report} what="The gateway’s report" />
      {found !== undefined && <Concerns concerns={concernsOf(found.diagnostics, found.here)} />}
      <p class="fine">
        The folder of its data, the configuration and the address are looked at from the machine itself:{' '}
        <code>countersign doctor</code>.
      </p>
    </section>
  );
}

interface WitnessesProps {
  readonly witnesses: Loaded<readonly Witness[]>;
  readonly size: number | undefined;
  readonly now: number;
}

/** Who else vouches for the log, and how far. */
export function WitnessesCard({ witnesses, size, now }: WitnessesProps) {
  const found = witnesses.value.value;
  return (
    <section class="card" aria-labelledby="witnesses">
      <h2 id="witnesses">Witnesses</h2>
      <Waiting loaded={witnesses} what="The witnesses" />
      {found?.length === 0 && (
        <p>
          None. Whoever has the database could set it back unnoticed: have another machine cosign the log (
          <code>ledger.witnesses</code> in the configuration, and <code>countersign ledger witness</code>{' '}
          there).
        </p>
      )}
      <ul class="people" aria-label="Witnesses">
        {(found ?? []).map((witness) => {
          const standing = witnessStanding(witness, { size: size ?? witness.size, now });
          return (
            <li key={witness.name} class="person">
              <div class="about">
                <Badge state={standing.state} words={standing.words} />{' '}
                <strong>
                  <TextOf text={witness.name} />
                </strong>
                <p>
                  <TextOf text={standing.sentence} />
                </p>
                <p class="fine">
                  <TextOf text={witness.url} />
                  {witness.cosignedAt !== null && (
                    <>
                      {' '}
                      · last <Moment at={witness.cosignedAt} now={now} />
                    </>
                  )}
                </p>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
