/** Lines that are drawn before one gets to them. */
const AHEAD = 12;

/** Which lines, from `first` to before `last`, are near a window that is `height` high and `above` below the head of the list. All in pixels. */
export function rangeToShow(at: { above: number; height: number; px: number; count: number }): {
  first: number;
  last: number;
} {
  const from = Math.floor(at.above / at.px);
  // In steps, so that scrolling by a line does not draw anew each time.
  const step = Math.floor(AHEAD / 2);
  const first = Math.max(0, Math.floor((from - AHEAD) / step) * step);
  const last = Math.ceil((from + at.height / at.px + AHEAD) / step) * step;
  return {
    first: Math.min(first, Math.max(0, at.count - 1)),
    last: Math.max(step, Math.min(last, at.count)),
  };
}
