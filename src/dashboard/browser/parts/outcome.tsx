import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { ApprovalDetail } from '../../../sdk/approval.ts';
import { escapeText } from '../model/escape.ts';
import type { Shell } from '../shell.ts';
import { Exact } from './exact.tsx';
import { TextOf } from './text-of.tsx';

const TITLES: Readonly<
  Record<ApprovalDetail['state'], readonly ['info' | 'warning' | 'error' | 'good', string]>
> = {
  pending: ['info', 'Waiting for a decision'],
  approved: ['info', 'Approved; the call is about to be sent'],
  executing: ['info', 'Approved; the call is running'],
  succeeded: ['good', 'Approved, sent once, and it succeeded'],
  failed: ['warning', 'Approved, sent once, and it failed'],
  unknown: ['warning', 'Sent, but what came of it is unknown; it is not sent again'],
  denied: ['info', 'Denied; nothing was sent'],
  expired: ['info', 'Expired; nothing was sent'],
  cancelled: ['info', 'Withdrawn; nothing was sent'],
  void: ['warning', 'Void: something changed after the approval; nothing was sent'],
};

/** The same where another system carries it out. */
const ACTION_TITLES: Partial<Record<ApprovalDetail['state'], string>> = {
  approved: 'Approved; its requester may carry it out, once',
  executing: 'Its requester is carrying it out',
  succeeded: 'Approved, and its requester reports that it succeeded',
  failed: 'Approved, and its requester reports that it failed',
  unknown: 'Its requester never said what happened',
  denied: 'Denied',
  expired: 'Expired',
  cancelled: 'Withdrawn',
  void: 'Void: something changed after the approval; nobody may carry it out',
};

/** Where the call stands, in one line. */
export function outcomeTitle({ kind, state }: ApprovalDetail): string {
  const [, callTitle] = TITLES[state];
  return kind === 'action' ? (ACTION_TITLES[state] ?? callTitle) : callTitle;
}

/** JSON on several lines where it is JSON, escaped either way. */
function readable(text: string): string {
  const escapeLines = (lines: string): string =>
    lines
      .split('\n')
      .map((line) => escapeText(line))
      .join('\n');
  try {
    return escapeLines(JSON.stringify(JSON.parse(text), null, 2));
  } catch {
    // A result that is not JSON is shown as the text that it is.
    return escapeLines(text);
  }
}

function Resolve({ shell, id, resolved }: { shell: Shell; id: string; resolved: () => void }) {
  const problem = useSignal<string | undefined>(undefined);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const as = data.get('as') === 'succeeded' ? 'succeeded' : 'failed';
    try {
      await shell.api.client.approvals.resolve(id, { as, note: String(data.get('note') ?? '') });
      resolved();
    } catch (error) {
      problem.value = shell.failed(error);
    }
  };
  return (
    <form onSubmit={submit}>
      <p>Look at the other system, then record what happened. The ledger keeps your note.</p>
      <label>
        <input type="radio" name="as" value="succeeded" required /> It happened
      </label>
      <label>
        <input type="radio" name="as" value="failed" /> It did not happen
      </label>
      <label>
        How you know
        <input name="note" required maxLength={2_000} autocomplete="off" />
      </label>
      <button type="submit">Record</button>
      {problem.value !== undefined && <p role="alert">{problem.value}</p>}
    </form>
  );
}

/** Where the call stands: decisions so far, the outcome, and the replayed result as plain data. */
export function Outcome({
  shell,
  detail,
  changed,
  children,
}: {
  shell: Shell;
  detail: ApprovalDetail;
  changed: () => void;
  /** Stands between the heading of the result and the result. */
  children?: ComponentChildren;
}) {
  const [kind] = TITLES[detail.state];
  const { needed, approvals } = detail.quorum;
  const result = detail.result;
  return (
    <section class={`notice ${kind}`} aria-labelledby="outcome">
      <h2 id="outcome" tabIndex={-1}>
        {outcomeTitle(detail)}
      </h2>
      {detail.stateReason !== null && (
        <p>
          <TextOf text={detail.stateReason} />
        </p>
      )}
      {detail.decisionReason !== null && (
        <p>
          Reason: <TextOf text={detail.decisionReason} />
        </p>
      )}
      {(needed > 1 || approvals.length > 0) && (
        <ul class="votes">
          {needed > 1 && (
            <li>
              {approvals.filter((vote) => vote.decision === 'approve').length} of {needed} approvals
            </li>
          )}
          {approvals.map((vote) => (
            <li key={vote.approver}>
              <TextOf text={vote.name} /> {vote.decision === 'approve' ? 'approved' : 'denied'} ·{' '}
              <Exact at={vote.at} />
            </li>
          ))}
        </ul>
      )}
      {result !== null && result.text !== detail.stateReason && (
        <>
          {result.kind === 'result' || result.kind === 'error' ? (
            <h3>
              Result <span class="untrusted">untrusted: written by the tool’s server</span>
            </h3>
          ) : (
            <h3>
              {detail.kind === 'action' && detail.state !== 'unknown' ? 'Its requester’s note' : 'Note'}
            </h3>
          )}
          {children}
          <pre class="result">{readable(result.text)}</pre>
        </>
      )}
      {detail.state === 'unknown' && <Resolve shell={shell} id={detail.id} resolved={changed} />}
    </section>
  );
}
