import type { ComponentChildren } from 'preact';
import type { Session } from '../../../../sdk/sessions.ts';
import type { Me } from '../../api.ts';
import { callsText } from '../../model/session-words.ts';
import { Exact } from '../exact.tsx';
import { TextOf } from '../text-of.tsx';
import { Badge } from './badge.tsx';
import { Moment } from './moment.tsx';
import { Labels, Who } from './session-row.tsx';

/** A name and what stands beside it, in a list of facts. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The id of a session as a link to its page. */
export function SessionLinkTo({ id }: { id: string }) {
  return (
    <a href={`/sessions/${id}`}>
      <code>{id}</code>
    </a>
  );
}

function State({ session, now }: { session: Session; now: number }) {
  const { state, revokedAt, revokeReason, expiresAt } = session;
  return (
    <>
      <Badge state={state} />{' '}
      {state === 'active' && (
        <>
          ends <Moment at={expiresAt} now={now} /> (<Exact at={expiresAt} />)
        </>
      )}
      {state === 'expired' && (
        <>
          ended <Moment at={expiresAt} now={now} /> (<Exact at={expiresAt} />)
        </>
      )}
      {revokedAt !== null && (
        <>
          ended <Moment at={revokedAt} now={now} /> (<Exact at={revokedAt} />
          ): <TextOf text={revokeReason ?? ''} />
        </>
      )}
    </>
  );
}

/** What a session may do, for whom, until when, and where it comes from. */
export function SessionFacts({ session, me, now }: { session: Session; me: Me; now: number }) {
  const { calls, callCap, labels, parent, mintedBy } = session;
  const minter = /^session:(ses_\w+)$/.exec(mintedBy)?.[1];
  return (
    <section class="card facts" aria-label="The session">
      <dl>
        <Fact name="State">
          <State session={session} now={now} />
        </Fact>
        <Fact name="Acts for">
          <code>
            <Who text={session.subject} me={me} />
          </code>
        </Fact>
        <Fact name="May use">
          {session.tools.map((pattern) => (
            <code key={pattern} class="pattern">
              <TextOf text={pattern} />
            </code>
          ))}
        </Fact>
        <Fact name="Calls">
          {callsText(session)}
          {callCap !== null && (
            <progress class="bar-of" aria-label="Calls made" max={callCap} value={Math.min(calls, callCap)} />
          )}
        </Fact>
        {Object.keys(labels).length > 0 && (
          <Fact name="Labels">
            <Labels labels={labels} />
          </Fact>
        )}
        <Fact name="Minted">
          <Moment at={session.createdAt} now={now} /> (<Exact at={session.createdAt} />) by{' '}
          {minter === undefined ? (
            <code>
              <Who text={mintedBy} me={me} />
            </code>
          ) : (
            <SessionLinkTo id={minter} />
          )}
        </Fact>
        {parent !== null && (
          <Fact name="Narrowed from">
            <SessionLinkTo id={parent} />
          </Fact>
        )}
      </dl>
    </section>
  );
}
