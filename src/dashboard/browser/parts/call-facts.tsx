import type { ApprovalDetail } from '../../../sdk/approval.ts';
import type { Around } from '../load-around.ts';
import { annotationWords } from '../model/diff.ts';
import { releaseTerms } from '../model/entry-words.ts';
import { escapeText } from '../model/escape.ts';
import { RiskBadge } from './approval-row.tsx';
import { Exact } from './exact.tsx';
import { Lasting } from './lasting.tsx';
import { SessionFacts } from './session-facts.tsx';
import { EffectOf, TextOf } from './text-of.tsx';

function definitionText(definition: unknown): string {
  return JSON.stringify(definition, null, 2)
    .split('\n')
    .map((line) => escapeText(line))
    .join('\n');
}

/** What is called, how dangerous it is, why it was held, for whom, and how long there is to decide. */
export function CallFacts({ detail, around, now }: { detail: ApprovalDetail; around: Around; now: number }) {
  const left = Date.parse(detail.expiresAt) - now;
  const { needed, approvals } = detail.quorum;
  const given = approvals.filter((vote) => vote.decision === 'approve').length;
  const says = annotationWords(detail.toolDefinition);
  const released = 'value' in around.timeline ? releaseTerms(around.timeline.value) : undefined;
  const labels = Object.entries(detail.session?.labels ?? {});
  return (
    <section class="card facts call-facts" aria-label="The call">
      <h1>
        <EffectOf effect={detail.effect} />
      </h1>
      <p class="target">
        <RiskBadge risk={detail.risk} />{' '}
        {detail.action === null ? (
          <>
            <code>
              <TextOf text={detail.server ?? ''} />
            </code>{' '}
            /{' '}
            <code>
              <TextOf text={detail.tool} />
            </code>
          </>
        ) : (
          <>
            <code>
              <TextOf text={detail.tool} />
            </code>{' '}
            on{' '}
            <code>
              <TextOf text={detail.action.resource} />
            </code>
          </>
        )}
      </p>
      <dl>
        <div>
          <dt>Why it waits</dt>
          <dd>
            <TextOf text={detail.reason} />
            <br />
            <span class="fine">
              {detail.rule === null ? (
                'No rule matched; what no rule allows waits for a person.'
              ) : (
                <TextOf text={`${detail.rule.id} (${detail.rule.file}:${detail.rule.line})`} />
              )}
            </span>
          </dd>
        </div>
        <div>
          <dt>{detail.action === null ? 'On behalf of' : 'Actor'}</dt>
          <dd>
            <TextOf text={detail.subject} />
            {labels.map(([key, value]) => (
              <span key={key} class="label">
                <TextOf text={`${key}=${value}`} />
              </span>
            ))}
          </dd>
        </div>
        <div>
          <dt>{detail.session === null ? 'Requested by' : 'Session'}</dt>
          <dd>
            {detail.session === null ? (
              <code>{detail.requester}</code>
            ) : (
              <SessionFacts id={detail.session.id} found={around.session} now={now} />
            )}
          </dd>
        </div>
        {detail.state === 'pending' && (
          <div>
            <dt>Time left</dt>
            <dd>
              <strong class={left < 60_000 ? 'soon' : ''}>
                {left > 0 ? <Lasting ms={left} /> : 'expired'}
              </strong>{' '}
              <span class="fine">
                until <Exact at={detail.expiresAt} />
              </span>
            </dd>
          </div>
        )}
        <div>
          <dt>Approvals</dt>
          <dd>
            {given} of {needed}
            {detail.groups.length > 0 && `, from ${detail.groups.join(', ')}`}
            {detail.approver === 'automation' && '; a registered service account may decide too'}
          </dd>
        </div>
        <div>
          <dt>Approving releases</dt>
          <dd>
            {detail.action === null
              ? 'this one call, once, with exactly these bytes'
              : 'a right to this one action, once, for its requester alone'}
            {released !== undefined && (
              <>
                , <Lasting ms={released.ttlMs} before="within " />
                {released.dpop && ', with proof of a key'}
              </>
            )}
          </dd>
        </div>
        {says.length > 0 && (
          <div>
            <dt>Its server says</dt>
            <dd>
              {says.join(', ')} <span class="untrusted">untrusted: written by the tool’s server</span>
            </dd>
          </div>
        )}
      </dl>
      {detail.action === null && (
        <details>
          <summary>
            The tool’s own description <span class="untrusted">untrusted: written by the tool’s server</span>
          </summary>
          <pre class="result">{definitionText(detail.toolDefinition)}</pre>
        </details>
      )}
    </section>
  );
}
