import type { ApprovalDetail } from '../../../sdk/approval.ts';
import type { Vote } from '../../../sdk/terms.ts';
import { authenticatorLines, escalationLines, groupsNow, progressLine } from '../model/quorum.ts';
import { Exact } from './exact.tsx';
import { Notice } from './notice.tsx';
import { TextOf } from './text-of.tsx';

function VoteLine({ vote, words }: { vote: Vote; words: string }) {
  return (
    <li>
      <TextOf text={vote.name} /> {words} · <Exact at={vote.at} />
    </li>
  );
}

/** Who has decided, who still may, and what changes that with time. */
export function Quorum({ detail, now }: { detail: ApprovalDetail; now: number }) {
  const { needed, approvals } = detail.quorum;
  const notes = [...escalationLines(detail, now), ...authenticatorLines(detail.authenticator)];
  if (needed < 2 && approvals.length === 0 && notes.length === 0) return null;
  const groups = groupsNow(detail, now);
  return (
    <section class="card quorum" aria-label="Approvals so far">
      <h2>{progressLine(detail)}</h2>
      {needed > 1 && <progress max={needed} value={approvals.length} aria-label={progressLine(detail)} />}
      <ul class="votes">
        {approvals.map((vote) => (
          <VoteLine
            key={vote.approver}
            vote={vote}
            words={vote.decision === 'approve' ? 'approved' : 'denied'}
          />
        ))}
      </ul>
      <p class="fine">
        {groups.length === 0 ? 'Anyone who is enrolled may decide.' : `May decide: ${groups.join(', ')}.`}
        {needed > 1 && ' Each person counts once, whatever keys they have.'}
      </p>
      {notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </section>
  );
}

/** Tells everybody that somebody used the way that is left when nobody else can decide, and why. */
export function GlassBroken({ detail }: { detail: ApprovalDetail }) {
  const { approvals, needed, reasons } = detail.breakGlass;
  if (approvals.length === 0) return null;
  const title =
    detail.state === 'pending'
      ? `Breaking the glass: ${approvals.length} of ${needed} people`
      : `The glass was broken by ${approvals.length === 1 ? 'one person' : `${approvals.length} people`}`;
  return (
    <Notice kind="warning" title={title}>
      <ul class="votes">
        {approvals.map((vote, at) => (
          <li key={vote.approver}>
            <TextOf text={vote.name} /> · <Exact at={vote.at} />: <TextOf text={reasons[at] ?? ''} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}
