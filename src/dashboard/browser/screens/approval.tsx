import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { isCountersignApiError } from '../../../sdk/api-error.ts';
import type { ApprovalDetail } from '../../../sdk/approval.ts';
import { onKeys } from '../keys.ts';
import { type Around, loadAround } from '../load-around.ts';
import { hiddenCount, hiddenPaths, unrevealed } from '../model/hidden.ts';
import { mayReveal } from '../model/quorum.ts';
import { readDetail } from '../model/read-detail.ts';
import { foldedCount, visibleRows } from '../model/tree.ts';
import { useOutcomeTold } from '../outcome-told.ts';
import { ArgumentTree } from '../parts/argument-tree.tsx';
import { History, SinceLast, WhyHeld } from '../parts/around-call.tsx';
import { CallFacts } from '../parts/call-facts.tsx';
import { Decide } from '../parts/decide.tsx';
import { useExactTime } from '../parts/exact.tsx';
import { Notice } from '../parts/notice.tsx';
import { Outcome, outcomeTitle } from '../parts/outcome.tsx';
import { GlassBroken, Quorum } from '../parts/quorum.tsx';
import { Reveal } from '../parts/reveal.tsx';
import { ScriptWarning } from '../parts/script-warning.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { type Part, type Revealing, useReveal } from '../reveal.ts';
import type { ScreenProps, Shell } from '../shell.ts';

/** Finds out whether the end of the call has been on the screen while nothing was folded or hidden. */
function useEndSeen(folded: number, hidden: number) {
  const mark = useRef<HTMLParagraphElement>(null);
  const seen = useSignal(false);
  useEffect(() => {
    if (folded > 0 || hidden > 0 || mark.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) seen.value = true;
      },
      // What lies behind the bar with the buttons has not been seen.
      { rootMargin: '0px 0px -60px 0px' },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [folded, hidden]);
  return { mark, seen: seen.value };
}

/** `v` reveals what there is to reveal, the arguments first. */
function useRevealKey({ shown, doing, reveal }: Revealing, may: boolean): void {
  const latest = useRef<Part | undefined>(undefined);
  const part = hiddenCount(shown) > 0 ? 'arguments' : shown.hiddenInResult.length > 0 ? 'result' : undefined;
  latest.current = may && doing === undefined ? part : undefined;
  const act = useRef(reveal);
  act.current = reveal;
  useEffect(
    () =>
      onKeys({
        v: () => {
          if (latest.current !== undefined) void act.current(latest.current);
        },
      }),
    [],
  );
}

interface CallProps {
  readonly shell: Shell;
  readonly detail: ApprovalDetail;
  readonly around: Around;
  readonly reload: () => void;
  /** Came by a link of this gateway that asks for the dialog to deny. */
  readonly toDeny: boolean;
}

function Call({ shell, detail: given, around, reload, toDeny }: CallProps) {
  const revealing = useReveal(shell, given);
  const { shown: detail } = revealing;
  const { rows, problem } = useMemo(() => readDetail(detail), [detail.call, detail.view]);
  const unfolded = useSignal<ReadonlySet<string>>(new Set());
  const unicode = useSignal(false);
  const exact = useExactTime();
  const view = useRef<HTMLPreElement>(null);
  const folded = foldedCount(rows, unfolded.value);
  const hidden = hiddenCount(detail);
  const { mark, seen } = useEndSeen(folded, hidden);
  const me = shell.me.value;
  const may = me !== null && me !== undefined && mayReveal(detail, me, shell.now.value);
  useRevealKey(revealing, may);
  useOutcomeTold(shell, detail, outcomeTitle(detail));
  const unread =
    unrevealed([detail]) ??
    (folded > 0
      ? `Unfold the arguments first: ${folded} ${folded === 1 ? 'part is' : 'parts are'} still folded.`
      : seen
        ? undefined
        : 'Scroll to the end of the call first.');

  if (detail.redactedAt !== null) {
    return (
      <>
        <CallFacts detail={detail} around={around} now={shell.now.value} />
        <Outcome shell={shell} detail={detail} changed={reload} />
        <Notice kind="info" title={`Erased on ${exact(detail.redactedAt)}`}>
          <p>
            The arguments, the text that was signed and the result are gone for good. The ledger keeps their
            commitments, so that everything else can still be verified.
          </p>
        </Notice>
      </>
    );
  }
  if (problem !== undefined) {
    return (
      <>
        <h1>Held call</h1>
        <Notice kind="error" title="This call cannot be shown faithfully, so it cannot be decided here">
          <p>{problem} Tell the operator of this gateway.</p>
        </Notice>
      </>
    );
  }
  return (
    <>
      <CallFacts detail={detail} around={around} now={shell.now.value} />
      <GlassBroken detail={detail} />
      {detail.state !== 'pending' && (
        <Outcome shell={shell} detail={detail} changed={reload}>
          <Reveal
            revealing={revealing}
            part="result"
            hidden={given.hiddenInResult}
            isRevealed={detail.hiddenInResult.length === 0}
            may={may}
          />
        </Outcome>
      )}
      <SinceLast detail={given} around={around} />
      <WhyHeld around={around} />
      <section class="card">
        <div class="heading">
          <h2>
            {detail.kind === 'tool' ? 'Arguments' : 'Metadata and arguments'}{' '}
            <span class="untrusted">
              untrusted: written by the {detail.kind === 'tool' ? 'agent' : 'requester'}
            </span>
          </h2>
          <label>
            <input
              type="checkbox"
              checked={unicode.value}
              onChange={(event) => {
                unicode.value = event.currentTarget.checked;
              }}
            />{' '}
            Show Unicode
          </label>
          {folded > 1 && (
            <button
              type="button"
              onClick={() => {
                unfolded.value = new Set(rows.map((row) => row.path));
              }}
            >
              Show all {folded} folded parts
            </button>
          )}
        </div>
        <Reveal
          revealing={revealing}
          part="arguments"
          hidden={detail.hidden}
          isRevealed={hidden === 0}
          may={may}
        />
        <ScriptWarning rows={rows} unicode={unicode.value} />
        <ArgumentTree
          rows={visibleRows(rows, unfolded.value)}
          unfolded={unfolded.value}
          unicode={unicode.value}
          hidden={{ paths: hiddenPaths(detail), revealed: hidden === 0 }}
          unfold={(path) => {
            unfolded.value = new Set([...unfolded.value, path]);
          }}
        />
      </section>
      <section class="card">
        <h2>The text that your signature covers</h2>
        <pre ref={view} class="view">
          {detail.view}
        </pre>
        {detail.callDigest !== null && <p class="digest">call {detail.callDigest}</p>}
      </section>
      <p ref={mark} class="end">
        End of the call
      </p>
      <History detail={detail} around={around} now={shell.now.value} />
      {detail.state === 'pending' && me && (
        <>
          <Quorum detail={detail} now={shell.now.value} />
          <Decide
            shell={shell}
            me={me}
            detail={detail}
            unread={unread}
            toDeny={toDeny}
            shownView={() => view.current?.textContent ?? ''}
            decided={reload}
          />
        </>
      )}
    </>
  );
}

/** Whether the page was opened by a link of this gateway that asks for the dialog to deny. */
function useDenyLink(shell: Shell, id: string): boolean {
  const isOurs = useSignal(false);
  const route = shell.route.value;
  const signature = route.name === 'approval' ? route.deny : undefined;
  useEffect(() => {
    if (signature === undefined) return;
    const { channels } = shell.api.client;
    channels.isDenyLink({ approval: id, signature }).then(
      (valid) => {
        isOurs.value = valid;
      },
      // The call is shown all the same; only the dialog does not open by itself.
      (error: unknown) => shell.failed(error),
    );
  }, [shell, id, signature]);
  return isOurs.value;
}

/** One call: everything that is needed to decide it, the decision, and what came of it, live. */
export function ApprovalScreen({ shell, id = '' }: ScreenProps) {
  const toDeny = useDenyLink(shell, id);
  const loaded = useSignal<{ detail: ApprovalDetail; around: Around } | undefined>(undefined);
  const problem = useSignal<{ title: string; text: string } | undefined>(undefined);

  const load = async () => {
    try {
      const detail = await shell.api.client.approvals.get(id);
      // All at once, so that nothing comes up later and moves what one is about to press.
      loaded.value = { detail, around: await loadAround(shell, detail) };
      problem.value = undefined;
      document.title = `${detail.tool} · Countersign`;
    } catch (error) {
      const missing = isCountersignApiError(error) && error.status === 404;
      const title = missing ? 'There is no such call' : 'The call could not be loaded';
      problem.value = { title, text: shell.failed(error) };
    }
  };
  useEffect(() => {
    void load();
    return shell.live.listen((changed) => {
      if (changed === undefined || changed === id) void load();
    });
  }, [shell, id]);
  useEffect(() => onKeys({ Escape: () => shell.go('/') }), [shell]);

  return (
    <article>
      <p>
        <a href="/">← Inbox</a>
      </p>
      {loaded.value === undefined && <h1>Held call</h1>}
      {problem.value !== undefined && (
        <Notice kind="error" title={problem.value.title} retry={load}>
          <p>{problem.value.text}</p>
        </Notice>
      )}
      {loaded.value === undefined && problem.value === undefined && <Skeleton rows={6} />}
      {loaded.value !== undefined && (
        <Call key={id} shell={shell} {...loaded.value} reload={() => void load()} toDeny={toDeny} />
      )}
    </article>
  );
}
