/** One stretch of an axis of time with a number for each series. */
export interface PlotPoint {
  /** RFC 3339. */
  readonly at: string;
  readonly values: readonly number[];
}

/** A rectangle of a drawing that is 100 high, upwards from its floor; widths are counted in points. */
export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly series: number;
}

const HEIGHT = 100;
const GAP = 0.15;
const STEPS = [1, 2, 2.5, 5, 10] as const;

/** The least round number that is not below `value`: 1, 2, 2.5 or 5 times a power of ten. At least 1. */
export function roundUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = STEPS.find((one) => value <= one * power) ?? 10;
  // Half a call there is not.
  return Math.ceil(step * power);
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DURATIONS_MS = [
  1_000,
  5_000,
  15_000,
  30_000,
  MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
] as const;

/** The least round time above `ms`; of more than a day, whole days. */
export function roundUpTime(ms: number): number {
  const day = 24 * HOUR_MS;
  return DURATIONS_MS.find((one) => ms < one) ?? (Math.floor(ms / day) + 1) * day;
}

/** The series of each point on top of each other, the first at the bottom; what is 0 is not drawn. */
export function stackBars(points: readonly PlotPoint[], top: number): readonly Bar[] {
  return points.flatMap(({ values }, at) => {
    let below = 0;
    return values.flatMap((value, series) => {
      const height = (value / top) * HEIGHT;
      const bar = { x: at + GAP / 2, y: HEIGHT - below - height, width: 1 - GAP, height, series };
      below += height;
      return value > 0 ? [bar] : [];
    });
  });
}

/** A line through the points that have a value; it is broken where one has none. Every value that stands alone is a short dash. */
export function linePath(values: readonly (number | null)[], top: number): string {
  const parts: string[] = [];
  let isOpen = false;
  for (const [at, value] of values.entries()) {
    if (value === null) {
      isOpen = false;
      continue;
    }
    const y = (HEIGHT - (value / top) * HEIGHT).toFixed(2);
    const alone = !isOpen && (values[at + 1] ?? null) === null;
    parts.push(alone ? `M${at + 0.2} ${y}H${at + 0.8}` : `${isOpen ? 'L' : 'M'}${at + 0.5} ${y}`);
    isOpen = true;
  }
  return parts.join('');
}

/** Parts of a whole, in hundredths, for bars that lie. */
export function shareOf(part: number, whole: number): number {
  return whole <= 0 ? 0 : (part / whole) * HEIGHT;
}

/** `33 %`; `–` of nothing. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((part / whole) * 100)} %`;
}

/** A point of the axis as one reads it: the hour of a day, or the day of longer times. In UTC. */
export function axisTime(at: string, bucketMs: number): string {
  const [day = '', time = ''] = at.split('T');
  return bucketMs >= 3_600_000 ? `${day.slice(5)} ${time.slice(0, 5)}` : time.slice(0, 5);
}
