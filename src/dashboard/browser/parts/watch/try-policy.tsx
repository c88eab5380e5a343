import { useSignal } from '@preact/signals';
import type { PolicyExplanation } from '../../../../sdk/policies.ts';
import { explain } from '../../api.ts';
import { useLoaded } from '../../load.ts';
import { labelsFrom } from '../../model/connection.ts';
import { explainInputFrom, sampleArgs } from '../../model/policy-words.ts';
import { durationWords } from '../../model/time.ts';
import type { Shell } from '../../shell.ts';
import { Notice } from '../notice.tsx';
import { RuleTraces } from '../rule-traces.tsx';
import { TextOf } from '../text-of.tsx';
import { VerdictBadge } from './log-rows.tsx';

function Terms({ verdict }: Pick<PolicyExplanation, 'verdict'>) {
  const { approval } = verdict;
  if (approval === undefined || verdict.effect !== 'hold') return null;
  return (
    <p class="fine">
      {approval.quorum} {approval.quorum === 1 ? 'approval' : 'approvals'}
      {approval.groups.length > 0 && (
        <>
          {' '}
          of <TextOf text={approval.groups.join(', ')} />
        </>
      )}
      , within {durationWords(approval.expiresMs)}
      {approval.excludeRequester && ', never by who asked'}.
    </p>
  );
}

function Found({ found: { verdict, rules } }: { found: PolicyExplanation }) {
  const by = verdict.decidedBy as { rule?: string; file?: string; line?: number } | null | undefined;
  return (
    <section aria-label="What policy would find">
      <p class="verdict-line" role="status">
        <VerdictBadge verdict={verdict.effect} />{' '}
        {by?.rule === undefined ? (
          'by the default: no rule is about it.'
        ) : (
          <>
            by <code>{by.rule}</code>{' '}
            <span class="fine">
              {by.file}:{by.line}
            </span>
          </>
        )}{' '}
        {verdict.risk !== undefined && verdict.risk !== '' && (
          <span class="fine">
            risk <TextOf text={verdict.risk} />
          </span>
        )}
      </p>
      {verdict.reason !== undefined && (
        <p>
          <TextOf text={verdict.reason} />
        </p>
      )}
      <Terms verdict={verdict} />
      <h3>Each rule, and the values in its condition</h3>
      <RuleTraces rules={rules} />
    </section>
  );
}

/** Asks the policy in force about a call that nobody makes. Nothing is called and nothing is written. */
export function TryPolicy({ shell }: { shell: Shell }) {
  const { servers, policies } = shell.api.client;
  const server = useSignal<string | undefined>(undefined);
  const tool = useSignal('');
  const args = useSignal('{}');
  const found = useSignal<PolicyExplanation | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);

  const choose = (
    name: string,
    offered: readonly { tool: string; definition: Readonly<Record<string, unknown>> }[],
  ) => {
    tool.value = name;
    args.value = sampleArgs(offered.find((one) => one.tool === name)?.definition.inputSchema);
  };
  const names = useLoaded(shell, 'servers', async () => (await servers.list()).data.map(({ name }) => name));
  const chosen = server.value ?? names.value.value?.[0];
  const tools = useLoaded(shell, chosen, async () => {
    const offered = (await servers.tools(chosen ?? '', { limit: 200 })).data;
    choose(offered[0]?.tool ?? '', offered);
    return offered;
  });
  const ask = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    try {
      const input = explainInputFrom({
        server: chosen ?? '',
        tool: tool.value,
        args: args.value,
        subject: String(given.get('subject') ?? ''),
        labels: labelsFrom(String(given.get('labels') ?? '')),
      });
      found.value = await policies.explain(input);
      problem.value = undefined;
    } catch (error) {
      found.value = undefined;
      problem.value = error instanceof Error && !('status' in error) ? explain(error) : shell.failed(error);
    }
  };
  const loading = names.problem.value ?? tools.problem.value;
  return (
    <section class="card" aria-labelledby="try">
      <h2 id="try">Try a call</h2>
      <p class="fine">Nothing is called, and nothing is written down.</p>
      {loading !== undefined && (
        <Notice kind="error" title="The tools could not be loaded" retry={names.again}>
          <p>{loading}</p>
        </Notice>
      )}
      <form class="try" onSubmit={ask}>
        <label>
          Server{' '}
          <select
            value={chosen ?? ''}
            onChange={(event) => {
              server.value = event.currentTarget.value;
            }}
          >
            {(names.value.value ?? []).map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Tool{' '}
          <select
            value={tool.value}
            onChange={(event) => choose(event.currentTarget.value, tools.value.value ?? [])}
          >
            {(tools.value.value ?? []).map((one) => (
              <option key={one.tool} value={one.tool}>
                {one.tool}
              </option>
            ))}
          </select>
        </label>
        <label>
          User
          <input name="subject" placeholder="default" spellcheck={false} autocomplete="off" />
        </label>
        <label>
          Labels of the session
          <input name="labels" placeholder="env=prod" spellcheck={false} autocomplete="off" />
        </label>
        <label class="wide">
          Arguments
          <textarea
            rows={6}
            spellcheck={false}
            value={args.value}
            onInput={(event) => {
              args.value = event.currentTarget.value;
            }}
          />
        </label>
        <p>
          <button type="submit" class="primary" disabled={chosen === undefined || tool.value === ''}>
            What would policy say?
          </button>
        </p>
      </form>
      {problem.value !== undefined && (
        <Notice kind="error" title="Policy could not be asked">
          <p>{problem.value}</p>
        </Notice>
      )}
      {found.value !== undefined && <Found found={found.value} />}
    </section>
  );
}
