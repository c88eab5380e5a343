import { useEffect, useRef } from 'preact/hooks';
import type { RuleLine } from '../../model/policy-words.ts';
import { Badge } from '../fleet/badge.tsx';
import { TextOf } from '../text-of.tsx';
import { VerdictBadge } from './log-rows.tsx';

const EXAMPLES = 5;

function Shadow({ shadow }: { shadow: NonNullable<RuleLine['shadow']> }) {
  if (shadow.calls === 0) return <p class="fine examples">Put in force, it would have changed nothing.</p>;
  return (
    <details class="examples">
      <summary>
        Would have changed {shadow.calls} {shadow.calls === 1 ? 'call' : 'calls'}:{' '}
        {shadow.transitions.map(({ from, to, calls }) => `${from} → ${to} ${calls}`).join(', ')}
      </summary>
      <ul>
        {shadow.tools.map(({ tool, calls }) => (
          <li key={tool}>
            <TextOf text={tool} />: {calls}
          </li>
        ))}
        {shadow.examples.slice(0, EXAMPLES).map((example) => (
          <li key={example.seq}>
            <a href={`/logs/${example.id ?? example.seq}`}>{example.id ?? `entry ${example.seq}`}</a>:{' '}
            {example.from} → {example.to}
          </li>
        ))}
      </ul>
    </details>
  );
}

function RuleItem({ line, isSought }: { line: RuleLine; isSought: boolean }) {
  const { rule, hits, shadow } = line;
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isSought) item.current?.scrollIntoView({ block: 'center' });
  }, [isSought]);
  return (
    <li ref={item} class={isSought ? 'sought' : ''}>
      <div>
        <VerdictBadge verdict={rule.effect} />{' '}
        <strong>
          <TextOf text={rule.rule} />
        </strong>{' '}
        {rule.shadow && <Badge state="connecting" words="only watched" />}{' '}
        <span class="fine">
          line {rule.line}
          {rule.risk !== '' && `, risk ${rule.risk}`}
        </span>
      </div>
      <span class="hits">
        {rule.shadow ? '' : hits > 0 ? `decided ${hits}` : <span class="fine">never decided</span>}
      </span>
      {shadow !== undefined && <Shadow shadow={shadow} />}
    </li>
  );
}

/** The rules of one file, and what each has done. `sought` is brought into sight. */
export function RuleList(props: { file: string; lines: readonly RuleLine[]; sought: string | null }) {
  const { file, lines, sought } = props;
  return (
    <section class="card" aria-label={file}>
      <h2>
        <TextOf text={file} />
      </h2>
      {lines.length === 0 && <p class="fine">It has no rules.</p>}
      <ul class="rules-table">
        {lines.map((line) => (
          <RuleItem key={line.rule.rule} line={line} isSought={line.rule.rule === sought} />
        ))}
      </ul>
    </section>
  );
}
