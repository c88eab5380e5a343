import { useEffect, useRef } from 'preact/hooks';
import type { ApprovalDetail } from '../../sdk/approval.ts';
import { isFocusLost } from './arrival.ts';
import type { Shell } from './shell.ts';

const OUTCOME = { about: 'outcome' };

/**
 * Tells a reader what a call comes to while it is open: each step once. Where the focus was on a button that has gone, the
 * heading that says it takes the focus, and is heard by that. An end by time is told at once: nothing can be decided now.
 */
export function useOutcomeTold(shell: Shell, detail: ApprovalDetail, title: string): void {
  const told = useRef(detail.state);
  const shown = useRef(detail.state);
  const lapsed = detail.state === 'pending' && Date.parse(detail.expiresAt) <= shell.now.value;
  const state = lapsed ? 'expired' : detail.state;
  useEffect(() => {
    const isNews = told.current !== state;
    told.current = state;
    const heading = shown.current === detail.state ? null : document.getElementById('outcome');
    shown.current = detail.state;
    const isRead = heading !== null && isFocusLost();
    if (isRead) heading.focus();
    if (isNews && state === 'expired')
      shell.announcer.say('The time to decide this call is over.', { ...OUTCOME, urgent: true });
    else if (isNews && !isRead) shell.announcer.say(title, OUTCOME);
  }, [state, detail.state]);
}
