import type { ComponentChildren } from 'preact';
import { axisTime, linePath, type PlotPoint, roundUp, roundUpTime, stackBars } from '../../model/plot.ts';
import { shortTime, shortTimeWords } from '../../model/time.ts';
import { Exact, useExactTime } from '../exact.tsx';
import { Lasting } from '../lasting.tsx';

interface Series {
  readonly label: string;
  /** The class that colours it. */
  readonly tone: string;
}

interface PlotProps {
  readonly title: string;
  readonly series: readonly Series[];
  readonly points: readonly PlotPoint[];
  readonly bucketMs: number;
}

/** What the numbers of a plot are. */
type Kind = 'number' | 'time';

function amount(value: number, kind: Kind): ComponentChildren {
  return kind === 'time' ? <Lasting ms={value} fine /> : value;
}

/** A box that can be scrolled, also by keyboard, when its table is wider than it. */
function TableOf({ title, series, points, kind }: PlotProps & { kind: Kind }) {
  return (
    <details class="plot-table">
      <summary>As a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label={`${title}, as a table`}>
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              {series.map(({ label }) => (
                <th key={label} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {points.map(({ at, values }) => (
              <tr key={at}>
                <th scope="row">
                  <Exact at={at} />
                </th>
                {series.map(({ label }, index) => (
                  <td key={label}>
                    {Number.isFinite(values[index]) ? amount(values[index] ?? 0, kind) : '–'}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}

interface FrameProps extends PlotProps {
  readonly kind: Kind;
  readonly top: number;
  readonly summary: string;
  readonly children: ComponentChildren;
}

function Frame(props: FrameProps) {
  const { title, series, points, bucketMs, top, summary, children, kind } = props;
  const [first, last] = [points[0]?.at, points.at(-1)?.at];
  return (
    <figure class="card plot">
      <figcaption>
        <h2>{title}</h2>
        <ul class="legend">
          {series.map(({ label, tone }) => (
            <li key={label} class={tone}>
              {label}
            </li>
          ))}
        </ul>
      </figcaption>
      <p class="axis" aria-hidden="true">
        {kind === 'time' ? shortTime(top) : top}
      </p>
      <svg
        viewBox={`0 0 ${Math.max(1, points.length)} 100`}
        preserveAspectRatio="none"
        role="img"
        aria-label={summary}
      >
        <path class="grid" d={`M0 0H${points.length}M0 50H${points.length}M0 100H${points.length}`} />
        {children}
      </svg>
      <p class="axis ends" aria-hidden="true">
        <span>{first !== undefined && axisTime(first, bucketMs)}</span>
        <span>{last !== undefined && `${axisTime(last, bucketMs)} UTC`}</span>
      </p>
      <TableOf {...props} />
    </figure>
  );
}

/** Numbers of things by time, the series on top of each other. */
export function StackedPlot(props: PlotProps) {
  const { title, series, points } = props;
  const exact = useExactTime();
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const top = roundUp(Math.max(0, ...points.map(({ values }) => total(values))));
  const summary = series
    .map(({ label }, index) => `${label} ${total(points.map(({ values }) => values[index] ?? 0))}`)
    .join(', ');
  return (
    <Frame {...props} kind="number" top={top} summary={`${title}: ${summary}`}>
      {stackBars(points, top).map((bar) => (
        <rect
          key={`${bar.x}-${bar.series}`}
          class={series[bar.series]?.tone}
          x={bar.x}
          y={bar.y}
          width={bar.width}
          height={bar.height}
        />
      ))}
      {points.map(({ at, values }, index) => (
        <rect key={at} class="touch" x={index} y={0} width={1} height={100}>
          <title>
            {[exact(at), ...series.map(({ label }, place) => `${label}: ${values[place] ?? 0}`)].join('\n')}
          </title>
        </rect>
      ))}
    </Frame>
  );
}

/** Durations by time, each series a line; `NaN` where there is nothing to tell. */
export function LinePlot(props: PlotProps) {
  const { title, series, points } = props;
  const known = points.flatMap(({ values }) => values.filter(Number.isFinite));
  const top = roundUpTime(Math.max(0, ...known));
  const summary = known.length === 0 ? 'nothing to tell' : `at most ${shortTimeWords(Math.max(...known))}`;
  return (
    <Frame {...props} kind="time" top={top} summary={`${title}: ${summary}`}>
      {series.map(({ label, tone }, index) => {
        const values = points.map((point) => point.values[index] ?? Number.NaN);
        const path = linePath(
          values.map((value) => (Number.isFinite(value) ? value : null)),
          top,
        );
        return <path key={label} class={`stroke ${tone}`} d={path} />;
      })}
    </Frame>
  );
}
