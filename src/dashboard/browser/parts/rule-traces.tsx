import type { RuleTrace } from '../../../sdk/policies.ts';
import { TextOf } from './text-of.tsx';

/** What each rule made of a call, with the value of every part of its condition. */
export function RuleTraces({ rules }: { rules: readonly Omit<RuleTrace, 'exceeded'>[] }) {
  return (
    <ul class="trace">
      {rules.map((rule) => (
        <li key={`${rule.file}:${rule.line}:${rule.rule}`}>
          <p>
            <strong>{rule.outcome === 'matched' ? rule.effect : rule.outcome.replace('_', ' ')}</strong>{' '}
            <code>{rule.rule}</code>{' '}
            <span class="fine">
              {rule.file}:{rule.line}
              {rule.shadow && ', only watched'}
            </span>
          </p>
          {rule.why !== undefined && <p class="fine">{<TextOf text={rule.why} />}</p>}
          <ol class="steps">
            {rule.steps.map((step, at) => (
              <li key={at} style={{ '--depth': String(Math.min(step.depth, 8)) }}>
                <code>
                  <TextOf text={step.expression} />
                </code>{' '}
                <span class={step.error === undefined ? 'fine' : 'soon'}>
                  = <TextOf text={step.error ?? step.value ?? ''} />
                </span>
              </li>
            ))}
          </ol>
        </li>
      ))}
    </ul>
  );
}
