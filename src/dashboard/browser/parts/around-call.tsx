import type { ComponentChildren } from 'preact';
import type { ApprovalDetail } from '../../../sdk/approval.ts';
import type { ApprovalTrace } from '../../../sdk/approval-trace.ts';
import type { LogEntry } from '../../../sdk/log-entry.ts';
import type { Around, Found } from '../load-around.ts';
import { type Difference, diffCalls } from '../model/diff.ts';
import { entryWords } from '../model/entry-words.ts';
import { hiddenPaths, hiddenValues } from '../model/hidden.ts';
import { Exact } from './exact.tsx';
import { Moment } from './fleet/moment.tsx';
import { RuleTraces } from './rule-traces.tsx';
import { TextOf } from './text-of.tsx';

const RECENT = 10;
const DIFFERENCES = 100;
const LONG_CHARACTERS = 400;

/** A part that could not be loaded says so; the others stand. */
export function Part<T>({ found, show }: { found: Found<T>; show: (value: T) => ComponentChildren }) {
  if ('value' in found) return <>{show(found.value)}</>;
  return <p role="status">This could not be loaded: {found.problem} Reload the page to try again.</p>;
}

/** A long value is told by its length; it stands in full among the arguments. */
function Value({ text }: { text: string }) {
  if (text.length > LONG_CHARACTERS) return <>a value of {text.length} characters</>;
  return <TextOf text={text} />;
}

function DifferenceLine({ one }: { one: Difference }) {
  return (
    <li class={one.kind}>
      <code>
        <TextOf text={one.path === '' ? '(all)' : one.path} />
      </code>{' '}
      <span class="fine">{one.kind}</span>
      {one.before !== undefined && (
        <del>
          <Value text={one.before} />
        </del>
      )}
      {one.after !== undefined && (
        <ins>
          <Value text={one.after} />
        </ins>
      )}
    </li>
  );
}

function Differences({ before, after }: { before: ApprovalDetail; after: ApprovalDetail }) {
  const compared = (one: ApprovalDetail) => ({ call: one.call, hidden: hiddenPaths(one) });
  const differences = diffCalls({ before: compared(before), after: compared(after) });
  const uncompared = new Set([...before.hidden, ...after.hidden]).size;
  return (
    <>
      <p>
        <a href={`/approvals/${before.id}`}>The last one that was approved</a>
        {before.decidedAt !== null && (
          <>
            , <Exact at={before.decidedAt} />
          </>
        )}
        {before.quorum.approvals.length > 0 && (
          <>
            , by <TextOf text={before.quorum.approvals.map((vote) => vote.name).join(', ')} />
          </>
        )}
        :{' '}
        {differences.length === 0
          ? uncompared === 0
            ? 'the same arguments.'
            : 'no difference in what is not hidden.'
          : `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}.`}
        {uncompared > 0 && ` ${hiddenValues(uncompared)} ${uncompared === 1 ? 'is' : 'are'} not compared.`}
      </p>
      {before.toolHash !== after.toolHash && (
        <p class="soon">The tool’s definition has changed since then.</p>
      )}
      <ul class="differences">
        {differences.slice(0, DIFFERENCES).map((one) => (
          <DifferenceLine key={one.path} one={one} />
        ))}
      </ul>
      {differences.length > DIFFERENCES && (
        <p>The first {DIFFERENCES} are shown; all arguments stand below.</p>
      )}
    </>
  );
}

/** How the call differs from the last one of its tool and agent that was approved. */
export function SinceLast({ detail, around }: { detail: ApprovalDetail; around: Around }) {
  return (
    <section class="card" aria-labelledby="since-last">
      <h2 id="since-last">What differs from the last approved one</h2>
      <Part
        found={around.previous}
        show={(before) =>
          before === null ? (
            <p>Nothing of this kind was approved for this agent before. Look twice.</p>
          ) : (
            <Differences before={before} after={detail} />
          )
        }
      />
    </section>
  );
}

function Trace({ trace }: { trace: ApprovalTrace }) {
  return (
    <>
      {!trace.samePolicy && (
        <p class="soon">
          The policy has changed since the call was held. Under the one in force it would be:{' '}
          <strong>{trace.effect}</strong>.
        </p>
      )}
      <RuleTraces rules={trace.rules} />
      {trace.rules.length === 0 && <p>No rule is about it; the default of the policy holds it.</p>}
    </>
  );
}

/** Why policy holds it: each rule that is about it, with the value of every part of its condition. */
export function WhyHeld({ around }: { around: Around }) {
  return (
    <details class="card">
      <summary>How policy came to hold it</summary>
      <Part found={around.trace} show={(trace) => trace !== null && <Trace trace={trace} />} />
    </details>
  );
}

/** Somebody by name; by the reference alone where it has none, or none could be loaded. */
function Who({ principal, names }: { principal: string; names: Around['names'] }) {
  const name = 'value' in names ? names.value.get(principal) : undefined;
  return (
    <span title={principal}>
      <TextOf text={name ?? principal} />
    </span>
  );
}

interface EntriesProps {
  readonly entries: readonly LogEntry[];
  readonly names: Around['names'];
  readonly now: number;
}

function Entries({ entries, names, now }: EntriesProps) {
  return (
    <ol class="past">
      {entries.map((entry) => (
        <li key={entry.seq}>
          <Moment at={entry.ts} now={now} /> {entryWords(entry)}
          {entry.ref.action !== undefined && (
            <>
              {' '}
              <code>
                <TextOf text={entry.ref.action} />
              </code>
            </>
          )}
          {entry.ref.principal !== undefined && (
            <span class="fine">
              {' '}
              by <Who principal={entry.ref.principal} names={names} />
            </span>
          )}{' '}
          <span class="fine">no. {entry.seq}</span>
        </li>
      ))}
    </ol>
  );
}

const isCall = ({ type }: LogEntry): boolean => type.startsWith('call.') || type === 'approval.requested';

/** What the ledger has of this call, and what the same agent did besides. */
export function History({ detail, around, now }: { detail: ApprovalDetail; around: Around; now: number }) {
  return (
    <>
      <section class="card" aria-labelledby="timeline">
        <h2 id="timeline">On the ledger so far</h2>
        <Part
          found={around.timeline}
          show={(entries) => <Entries entries={entries} names={around.names} now={now} />}
        />
      </section>
      <section class="card" aria-labelledby="recent">
        <h2 id="recent">What this agent did last</h2>
        <Part
          found={around.recent}
          show={(entries) => {
            const calls = entries.filter((one) => isCall(one) && one.ref.approval !== detail.id);
            if (calls.length === 0) return <p>Nothing else.</p>;
            return <Entries entries={calls.slice(0, RECENT)} names={around.names} now={now} />;
          }}
        />
      </section>
    </>
  );
}
