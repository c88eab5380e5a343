import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { ApprovalDetail } from '../../../sdk/approval.ts';
import type { Decision } from '../../../sdk/terms.ts';
import type { Me } from '../api.ts';
import { useArmed } from '../armed.ts';
import { isFocusLost } from '../arrival.ts';
import { useDeed } from '../deed.ts';
import { onKeys } from '../keys.ts';
import { hindrance, mayBreakGlass } from '../model/quorum.ts';
import type { Shell } from '../shell.ts';
import { signDecision } from '../sign-decision.ts';
import { BreakGlass } from './break-glass.tsx';
import { DenyDialog } from './deny-dialog.tsx';
import { Trouble } from './trouble.tsx';

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
  const { doing, trouble, run } = useDeed<Decision | 'break_glass'>(shell, 'Nothing was decided');
  const denying = useSignal(false);
  const reason = useSignal('');
  /** What takes the focus when it is lost, by its id: the button that was pressed, once it can be pressed again. */
  const back = useRef<string | undefined>(undefined);
  const armed = useArmed(`${detail.id} ${detail.state} ${unread === undefined}`);
  const blocked = hindrance(detail, me, shell.now.value);
  const expired = Date.parse(detail.expiresAt) <= shell.now.value;
  const rested = armed && doing === undefined && !expired;
  const canAct = rested && blocked === undefined;
  const canApprove = canAct && unread === undefined;

  const decide = async (decision: Decision, glassReason?: string) => {
    const breakGlass = glassReason !== undefined;
    const text = reason.value.trim();
    back.current = decision === 'approve' ? 'approve' : undefined;
    await run(breakGlass ? 'break_glass' : decision, async () => {
      const given = decision === 'deny' && text !== '' ? text : glassReason;
      const view = shownView();
      await signDecision(shell.api, { detail, view, decision, reason: given, breakGlass, personId: me.id });
      denying.value = false;
      back.current = 'blocked';
    });
    decided();
  };

  const openDeny = () => {
    if (blocked === undefined && !expired) denying.value = true;
  };
  const latest = useRef({ canApprove, decide, openDeny });
  latest.current = { canApprove, decide, openDeny };
  useEffect(
    () =>
      onKeys({
        a: () => {
          if (latest.current.canApprove && !denying.value) void latest.current.decide('approve');
        },
        d: () => latest.current.openDeny(),
      }),
    [],
  );
  useEffect(() => {
    if (toDeny) latest.current.openDeny();
  }, [toDeny]);
  useLayoutEffect(() => {
    if (expired) denying.value = false;
    if (back.current === undefined || !isFocusLost()) return;
    document.getElementById(back.current)?.focus();
    if (!isFocusLost()) back.current = undefined;
  }, [denying.value, canAct, blocked, expired]);
  const told = useRef(false);
  useEffect(() => {
    if (!canApprove || told.current) return;
    told.current = true;
    shell.announcer.say('Everything was shown. Approve can be pressed now.', { about: 'approve' });
  }, [canApprove]);

  return (
    <section class="decide" aria-label="Decision">
      {!denying.value && <Trouble of={trouble} />}
      {blocked !== undefined && (
        <p id="blocked" tabIndex={-1}>
          {blocked}
        </p>
      )}
      {blocked === undefined && denying.value && (
        <DenyDialog
          detail={detail}
          reason={reason}
          busy={doing === 'deny'}
          ready={canAct}
          deny={() => void decide('deny')}
          close={() => {
            denying.value = false;
            back.current = 'deny';
          }}
        >
          <Trouble of={trouble} />
        </DenyDialog>
      )}
      {blocked === undefined && !denying.value && (
        <div class="buttons">
          <button
            id="approve"
            type="button"
            class="primary"
            disabled={!canApprove}
            aria-describedby="approve-note"
            onClick={() => decide('approve')}
          >
            {doing === 'approve' ? 'Waiting for your passkey…' : 'Approve with passkey'}
          </button>
          <button id="deny" type="button" disabled={!canAct} onClick={openDeny}>
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
          busy={doing === 'break_glass'}
          unread={unread}
          approve={(why) => void decide('approve', why)}
        />
      )}
    </section>
  );
}
