import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { ApprovalDetail } from '../../../sdk/approval.ts';
import type { BatchOutcome } from '../../../sdk/batches.ts';
import type { Decision } from '../../../sdk/terms.ts';
import type { Me } from '../api.ts';
import { useArmed } from '../armed.ts';
import { type Trouble as Told, useDeed } from '../deed.ts';
import { hiddenCount, hiddenPaths, hiddenValues, unrevealed, withRevealed } from '../model/hidden.ts';
import { hindrance } from '../model/quorum.ts';
import { readDetail } from '../model/read-detail.ts';
import { revealCall } from '../reveal.ts';
import type { Shell } from '../shell.ts';
import { signBatch } from '../sign-batch.ts';
import { RiskBadge } from './approval-row.tsx';
import { ArgumentTree } from './argument-tree.tsx';
import { BatchReason } from './batch-reason.tsx';
import { Dialog, Leave } from './dialog.tsx';
import { Notice } from './notice.tsx';
import { ScriptWarning } from './script-warning.tsx';
import { Skeleton } from './skeleton.tsx';
import { EffectOf, TextOf } from './text-of.tsx';
import { Trouble } from './trouble.tsx';

/** The padding of a dialog, into which the bar reaches. */
const MARGIN_PX = 20;

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
  const hidden = { paths: hiddenPaths(detail), revealed: hiddenCount(detail) === 0 };
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
      {hiddenCount(detail) > 0 && (
        <p>
          Policy hides: <TextOf text={detail.hidden.join(', ')} />
        </p>
      )}
      <ScriptWarning rows={rows} unicode={false} />
      <ArgumentTree rows={rows} unfolded={all} unicode={false} hidden={hidden} unfold={() => undefined} />
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

/** Whether the end of this list has been on the screen; undefined while there is none. */
function useRead(
  at: Record<'end' | 'bar' | 'dialog', RefObject<HTMLElement | null>>,
  list: string | undefined,
): boolean {
  const read = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const { end, bar, dialog } = at;
    if (list === undefined || end.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) read.value = list;
      },
      // What lies behind the bar with the buttons has not been seen.
      { root: dialog.current, rootMargin: `0px 0px -${(bar.current?.offsetHeight ?? 0) - MARGIN_PX}px 0px` },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [list]);
  return list !== undefined && read.value === list;
}

/** Every call that is to be decided, in full, and the two ways to decide all of them by one signature. */
export function BatchDialog({ shell, me, ids: picked, close }: BatchDialogProps) {
  const ids = useMemo(() => picked, []);
  const dialog = useRef<HTMLDialogElement>(null);
  const end = useRef<HTMLParagraphElement>(null);
  const calls = useSignal<readonly ApprovalDetail[] | undefined>(undefined);
  const { doing, trouble, run } = useDeed<Decision>(shell, 'Nothing was decided');
  const revealing = useDeed<true>(shell, 'Not everything was revealed');
  const reason = useSignal('');
  const missing = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  const unshown = useSignal<Told | undefined>(undefined);
  const outcomes = useSignal<readonly BatchOutcome[] | undefined>(undefined);
  const bar = useRef<HTMLDivElement>(null);
  const hidden = (calls.value ?? []).reduce((sum, one) => sum + hiddenCount(one), 0);
  const read = useRead({ end, bar, dialog }, calls.value && `${hidden} hidden`);
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

  const revealAll = () =>
    revealing.run(true, async () => {
      for (const detail of calls.value ?? []) {
        if (hiddenCount(detail) === 0) continue;
        const shown = withRevealed(detail, { call: await revealCall(shell, detail) });
        const { problem } = readDetail(shown);
        if (problem !== undefined) throw new Error(problem);
        calls.value = calls.value?.map((one) => (one.id === detail.id ? shown : one));
      }
      // What has just come up was not read yet.
      dialog.current?.querySelector('h2')?.scrollIntoView();
    });

  const decide = (decision: Decision) => {
    const why = reason.value.trim();
    const viewOf = (id: string) => dialog.current?.querySelector(`[data-view="${id}"]`)?.textContent ?? '';
    return run(decision, async () => {
      outcomes.value = await signBatch(shell.api, {
        calls: (calls.value ?? []).map((detail) => ({ detail, view: viewOf(detail.id) })),
        decision,
        reason: decision === 'deny' ? why : undefined,
        personId: me.id,
      });
    });
  };

  const deny = () => {
    missing.value = reason.value.trim() === '';
    if (missing.value) field.current?.focus();
    else void decide('deny');
  };

  const [first] = calls.value ?? [];
  const blocked = calls.value?.map((one) => hindrance(one, me, shell.now.value)).find((one) => one);
  const busy = doing !== undefined || revealing.doing !== undefined;
  const canAct = read && armed && !busy && blocked === undefined && outcomes.value === undefined;
  const unseen = unrevealed(calls.value ?? []);
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
        <Trouble of={trouble ?? revealing.trouble ?? unshown.value} />
        {outcomes.value === undefined && <BatchReason reason={reason} missing={missing} field={field} />}
        <div class="buttons">
          {outcomes.value === undefined && (
            <>
              {hidden > 0 && (
                <button
                  type="button"
                  disabled={busy || blocked !== undefined}
                  onClick={() => void revealAll()}
                >
                  {revealing.doing === undefined ? `Reveal ${hiddenValues(hidden)}` : 'Revealing…'}
                </button>
              )}
              <button
                type="button"
                class="primary"
                disabled={!canAct || unseen !== undefined}
                aria-describedby="batch-note"
                onClick={() => void decide('approve')}
              >
                {doing === 'approve' ? 'Waiting for your passkey…' : `Approve all ${ids.length} with passkey`}
              </button>
              <button type="button" class="danger" disabled={!canAct} onClick={deny}>
                {doing === 'deny' ? 'Waiting for your passkey…' : 'Deny all'}
              </button>
            </>
          )}
          <Leave disabled={busy}>{outcomes.value === undefined ? 'Back' : 'Close'}</Leave>
          <p id="batch-note" class="fine" role="status">
            {blocked ??
              (read
                ? (unseen ?? 'Your passkey signs all of these calls at once.')
                : 'Scroll to the end first.')}
          </p>
        </div>
      </div>
    </Dialog>
  );
}
