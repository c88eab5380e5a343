import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { ApprovalDetail } from '../../../sdk/approval.ts';
import type { BatchOutcome } from '../../../sdk/batches.ts';
import type { Decision } from '../../../sdk/terms.ts';
import type { Me } from '../api.ts';
import { useArmed } from '../armed.ts';
import { type Trouble as Told, useDeed } from '../deed.ts';
import { hindrance } from '../model/quorum.ts';
import { readDetail } from '../model/read-detail.ts';
import type { Shell } from '../shell.ts';
import { signBatch } from '../sign-batch.ts';
import { RiskBadge } from './approval-row.tsx';
import { ArgumentTree } from './argument-tree.tsx';
import { Dialog, Leave } from './dialog.tsx';
import { Notice } from './notice.tsx';
import { ScriptWarning } from './script-warning.tsx';
import { Skeleton } from './skeleton.tsx';
import { EffectOf, TextOf } from './text-of.tsx';
import { Trouble } from './trouble.tsx';

/** The padding of a dialog, into which the bar reaches. */
const MARGIN_PX = 20;
const REASON_CHARACTERS = 2_000;

export interface BatchDialogProps {
  readonly shell: Shell;
  readonly me: Me;
  /** What is to be decided; read when the dialog opens. */
  readonly ids: readonly string[];
  /** Called with whether anything was decided. */
  readonly close: (done: boolean) => void;
}

/** One call in full: its arguments with nothing folded, and the text that the signature covers. */
function Call({ detail, place }: { detail: ApprovalDetail; place: string }) {
  const { rows } = useMemo(() => readDetail(detail), [detail]);
  const all = useMemo(() => new Set(rows.map((row) => row.path)), [rows]);
  return (
    <li class="card">
      <h3>
        {place} <EffectOf effect={detail.effect} />
      </h3>
      <p class="fine">
        {detail.action === null ? 'for' : 'by'} <TextOf text={detail.subject} />,{' '}
        <a href={`/approvals/${detail.id}`} target="_blank" rel="noreferrer">
          {detail.id}
        </a>
      </p>
      <ScriptWarning rows={rows} unicode={false} />
      <ArgumentTree rows={rows} unfolded={all} unicode={false} unfold={() => undefined} />
      <details>
        <summary>The text that your signature covers</summary>
        <pre class="view" data-view={detail.id}>
          {detail.view}
        </pre>
      </details>
    </li>
  );
}

function Outcomes({ outcomes }: { outcomes: readonly BatchOutcome[] }) {
  const failed = outcomes.filter((one) => one.problem !== null);
  const title =
    failed.length === 0
      ? `All ${outcomes.length} were decided`
      : `${outcomes.length - failed.length} of ${outcomes.length} were decided`;
  return (
    <Notice kind={failed.length === 0 ? 'good' : 'warning'} title={title}>
      <ul>
        {failed.map(({ approval, problem }) => (
          <li key={approval}>
            <a href={`/approvals/${approval}`}>{approval}</a>: <TextOf text={problem?.detail ?? ''} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** Whether the end of the list has been on the screen, once the list is there. */
function useRead(
  at: Record<'end' | 'bar' | 'dialog', RefObject<HTMLElement | null>>,
  ready: boolean,
): boolean {
  const read = useSignal(false);
  useEffect(() => {
    const { end, bar, dialog } = at;
    if (!ready || end.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) read.value = true;
      },
      // What lies behind the bar with the buttons has not been seen.
      { root: dialog.current, rootMargin: `0px 0px -${(bar.current?.offsetHeight ?? 0) - MARGIN_PX}px 0px` },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [ready]);
  return read.value;
}

/** Every call that is to be decided, in full, and the two ways to decide all of them by one signature. */
export function BatchDialog({ shell, me, ids: picked, close }: BatchDialogProps) {
  const ids = useMemo(() => picked, []);
  const dialog = useRef<HTMLDialogElement>(null);
  const end = useRef<HTMLParagraphElement>(null);
  const calls = useSignal<readonly ApprovalDetail[] | undefined>(undefined);
  const { doing, trouble, run } = useDeed<Decision>(shell, 'Nothing was decided');
  const reason = useSignal('');
  const unshown = useSignal<Told | undefined>(undefined);
  const outcomes = useSignal<readonly BatchOutcome[] | undefined>(undefined);
  const bar = useRef<HTMLDivElement>(null);
  const read = useRead({ end, bar, dialog }, calls.value !== undefined);
  const armed = useArmed(String(read));
  useEffect(() => {
    Promise.all(ids.map((id) => shell.api.client.approvals.get(id))).then(
      (details) => {
        const unreadable = details.map(readDetail).find((one) => one.problem !== undefined);
        if (unreadable === undefined) calls.value = details;
        else {
          const title = 'A call cannot be shown faithfully, so it cannot be decided here';
          unshown.value = { title, text: `${unreadable.problem} Tell the operator of this gateway.` };
        }
      },
      (error: unknown) => {
        unshown.value = { title: 'The calls could not be loaded', text: shell.failed(error) };
      },
    );
  }, []);

  const decide = (decision: Decision) => {
    const why = reason.value.trim();
    const viewOf = (id: string) => dialog.current?.querySelector(`[data-view="${id}"]`)?.textContent ?? '';
    return run(decision, async () => {
      outcomes.value = await signBatch(shell.api, {
        calls: (calls.value ?? []).map((detail) => ({ detail, view: viewOf(detail.id) })),
        decision,
        reason: decision === 'deny' && why !== '' ? why : undefined,
        personId: me.id,
      });
    });
  };

  const [first] = calls.value ?? [];
  const blocked = calls.value?.map((one) => hindrance(one, me, shell.now.value)).find((one) => one);
  const canAct =
    read && armed && doing === undefined && blocked === undefined && outcomes.value === undefined;
  return (
    <Dialog
      element={dialog}
      class="batch"
      title={
        <>
          {first !== undefined && <RiskBadge risk={first.risk} />} Decide {ids.length} calls
          {first !== undefined && (
            <>
              {' '}
              of <TextOf text={first.tool} />
            </>
          )}
        </>
      }
      fromTitle
      close={() => close(outcomes.value !== undefined)}
    >
      {calls.value === undefined && unshown.value === undefined && <Skeleton rows={3} />}
      {outcomes.value !== undefined && <Outcomes outcomes={outcomes.value} />}
      {outcomes.value === undefined && (
        <ol class="batch-calls">
          {(calls.value ?? []).map((detail, at) => (
            <Call key={detail.id} detail={detail} place={`${at + 1} of ${ids.length}:`} />
          ))}
        </ol>
      )}
      <p ref={end} class="end">
        End of the calls
      </p>
      <div ref={bar} class="batch-decide">
        <Trouble of={trouble ?? unshown.value} />
        {outcomes.value === undefined && (
          <label>
            Why, if you deny
            <input
              value={reason.value}
              maxLength={REASON_CHARACTERS}
              autocomplete="off"
              onInput={(event) => {
                reason.value = event.currentTarget.value;
              }}
            />
          </label>
        )}
        <div class="buttons">
          {outcomes.value === undefined && (
            <>
              <button type="button" class="primary" disabled={!canAct} onClick={() => void decide('approve')}>
                {doing === 'approve' ? 'Waiting for your passkey…' : `Approve all ${ids.length} with passkey`}
              </button>
              <button type="button" class="danger" disabled={!canAct} onClick={() => void decide('deny')}>
                {doing === 'deny' ? 'Waiting for your passkey…' : 'Deny all'}
              </button>
            </>
          )}
          <Leave disabled={doing !== undefined}>{outcomes.value === undefined ? 'Back' : 'Close'}</Leave>
          <p class="fine" role="status">
            {blocked ??
              (read ? 'Your passkey signs all of these calls at once.' : 'Scroll to the end first.')}
          </p>
        </div>
      </div>
    </Dialog>
  );
}
