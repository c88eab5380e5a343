import type { JudgedCount } from '../../../../sdk/overview.ts';
import { totalOf } from '../../model/overview-words.ts';
import { shareOf } from '../../model/plot.ts';
import { TextOf } from '../text-of.tsx';

const SHOWN = 8;
const VERDICTS = [
  { name: 'allow', tone: 'tone-good' },
  { name: 'hold', tone: 'tone-wait' },
  { name: 'deny', tone: 'tone-bad' },
] as const;

function LyingBar({ count, most }: { count: JudgedCount; most: number }) {
  let x = 0;
  const told = VERDICTS.map(({ name }) => `${name} ${count[name]}`).join(', ');
  return (
    <svg class="lying" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={told}>
      {VERDICTS.map(({ name, tone }) => {
        const width = shareOf(count[name], most);
        const from = x;
        x += width;
        return width > 0 && <rect key={name} class={tone} x={from} y={0} width={width} height={10} />;
      })}
      <title>{told}</title>
    </svg>
  );
}

/** The most frequent values of one kind, and how calls with them were judged. */
export function Tops(props: {
  title: string;
  counts: readonly JudgedCount[];
  /** Where more about a value is found. */
  address: (value: string) => string;
}) {
  const { title, counts, address } = props;
  const most = Math.max(1, ...counts.map(totalOf));
  return (
    <section class="card tops" aria-label={title}>
      <h2>{title}</h2>
      {counts.length === 0 && <p class="fine">Nothing yet in this time.</p>}
      <ol>
        {counts.slice(0, SHOWN).map((count) => (
          <li key={count.value ?? ''}>
            <span class="name">
              {count.value === null ? (
                'the default, where no rule is about it'
              ) : (
                <a href={address(count.value)}>
                  <TextOf text={count.value} />
                </a>
              )}
            </span>
            <span class="fine">{totalOf(count)}</span>
            <LyingBar count={count} most={most} />
          </li>
        ))}
      </ol>
      {counts.length > SHOWN && <p class="fine">and {counts.length - SHOWN} others</p>}
    </section>
  );
}
