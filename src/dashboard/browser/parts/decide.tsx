import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { ApprovalDetail } from '../../../sdk/approval.ts';
import type { Decision } from '../../../sdk/terms.ts';
import type { Me } from '../api.ts';
import { explain } from '../api.ts';
import { useArmed } from '../armed.ts';
import { onKeys } from '../keys.ts';
import { hindrance, mayBreakGlass } from '../model/quorum.ts';
import type { Shell } from '../shell.ts';
import { signDecision } from '../sign-decision.ts';
import { isRefusal } from '../sign-statement.ts';
import { BreakGlass } from './break-glass.tsx';
import { Notice } from './notice.tsx';

const REASON_CHARACTERS = 2_000;

interface DecideProps {
  readonly shell: Shell;
  readonly me: Me;
  readonly detail: ApprovalDetail;
  /** What is still to be unfolded or read, or undefined when everything was. */
  readonly unread: string | undefined;
  /** Opens the dialog to deny, as the key does; nothing opens one to approve. */
  readonly toDeny: boolean;
  /** The view as it stands in the document now. */
  readonly shownView: () => string;
  readonly decided: () => void;
}

/** Approve and Deny. Both end in a passkey signature over the statement that this page has checked. */
export function Decide(props: DecideProps) {
  const { shell, me, detail, unread, toDeny, shownView, decided } = props;
  const busy = useSignal<Decision | 'break_glass' | undefined>(undefined);
  const denying = useSignal(false);
  const reason = useSignal('');
  const problem = useSignal<{ title: string; text: string } | undefined>(undefined);
  const reasonField = useRef<HTMLTextAreaElement>(null);
  const armed = useArmed(`${detail.id} ${detail.state} ${unread === undefined}`);
  const blocked = hindrance(detail, me, shell.now.value);
  const expired = Date.parse(detail.expiresAt) <= shell.now.value;
  const rested = armed && busy.value === undefined && !expired;
  const canAct = rested && blocked === undefined;
  const canApprove = canAct && unread === undefined;

  const decide = async (decision: Decision, glassReason?: string) => {
    const breakGlass = glassReason !== undefined;
    busy.value = breakGlass ? 'break_glass' : decision;
    problem.value = undefined;
    const text = reason.value.trim();
    try {
      const given = decision === 'deny' && text !== '' ? text : glassReason;
      const view = shownView();
      await signDecision(shell.api, { detail, view, decision, reason: given, breakGlass, personId: me.id });
      denying.value = false;
    } catch (error) {
      shell.failed(error);
      problem.value = isRefusal(error)
        ? {
            title: 'Refused: what would be signed is not what you see',
            text: `${error.message} Nothing was signed. Do not decide this call here; tell the operator of this gateway.`,
          }
        : { title: 'Nothing was decided', text: explain(error) };
    }
    busy.value = undefined;
    decided();
  };

  const latest = useRef({ canAct, canApprove, decide });
  latest.current = { canAct, canApprove, decide };
  useEffect(
    () =>
      onKeys({
        a: () => {
          if (latest.current.canApprove && !denying.value) void latest.current.decide('approve');
        },
        d: () => {
          denying.value = true;
        },
      }),
    [],
  );
  useEffect(() => {
    if (toDeny) denying.value = true;
  }, [toDeny]);
  // Before the next key arrives, so that no letter of a reason is taken for a key of the page.
  useLayoutEffect(() => {
    if (denying.value) reasonField.current?.focus();
  }, [denying.value]);

  return (
    <section class="decide" aria-label="Decision">
      {problem.value !== undefined && (
        <Notice kind="error" title={problem.value.title}>
          <p>{problem.value.text}</p>
        </Notice>
      )}
      {blocked !== undefined && <p role="status">{blocked}</p>}
      {blocked === undefined && denying.value && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (canAct) void decide('deny');
          }}
        >
          <label for="reason">Why? The agent is told this, and it is part of what you sign.</label>
          <textarea
            id="reason"
            ref={reasonField}
            rows={3}
            maxLength={REASON_CHARACTERS}
            value={reason.value}
            onInput={(event) => {
              reason.value = event.currentTarget.value;
            }}
          />
          <div class="buttons">
            <button type="submit" class="danger" disabled={!canAct}>
              {busy.value === 'deny' ? 'Waiting for your passkey…' : 'Deny with passkey'}
            </button>
            <button type="button" onClick={() => (denying.value = false)}>
              Back
            </button>
          </div>
        </form>
      )}
      {blocked === undefined && !denying.value && (
        <div class="buttons">
          <button
            type="button"
            class="primary"
            disabled={!canApprove}
            aria-describedby="approve-note"
            onClick={() => decide('approve')}
          >
            {busy.value === 'approve' ? 'Waiting for your passkey…' : 'Approve with passkey'}
          </button>
          <button type="button" disabled={!canAct} onClick={() => (denying.value = true)}>
            Deny…
          </button>
          <p id="approve-note" class="fine">
            {expired
              ? 'This call has expired.'
              : (unread ?? 'Your passkey signs exactly the call and text above.')}
          </p>
        </div>
      )}
      {mayBreakGlass(detail, me) && !denying.value && (
        <BreakGlass
          needed={detail.breakGlass.needed}
          ready={rested && unread === undefined}
          busy={busy.value === 'break_glass'}
          unread={unread}
          approve={(why) => void decide('approve', why)}
        />
      )}
    </section>
  );
}
