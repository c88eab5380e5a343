import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { rangeToShow } from '../model/window.ts';

/** Heights of a line in rem, the gap below it included; style/inbox.css draws them so. */
const TALL = { wide: 4.75, narrow: 8.25 } as const;
const NARROW = '(max-width: 34rem)';

function linePx(): number {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return rem * (window.matchMedia(NARROW).matches ? TALL.narrow : TALL.wide);
}

interface WindowListProps<Line extends { readonly id: string }> {
  readonly label: string;
  readonly lines: readonly Line[];
  /** The line that must be in sight and have the focus, whenever `at` has changed. */
  readonly focus: { readonly id: string; readonly at: number } | undefined;
  /** A list item; `place` counts from 1. */
  readonly line: (line: Line, place: number) => ComponentChild;
}

/**
 * A list of lines of one height of which only those near the window are in the document. The page itself scrolls. When
 * lines come or go above, the page is scrolled along, so that what one looks at stays.
 */
export function WindowList<Line extends { readonly id: string }>(props: WindowListProps<Line>) {
  const { lines, focus } = props;
  const list = useRef<HTMLUListElement>(null);
  const seen = useSignal({ first: 0, last: 30, px: 0 });
  const anchor = useRef<{ id: string; index: number } | undefined>(undefined);
  const latest = useRef(lines);
  latest.current = lines;

  const measure = () => {
    const top = list.current?.getBoundingClientRect().top ?? 0;
    const px = linePx();
    const next = rangeToShow({ above: -top, height: window.innerHeight, px, count: latest.current.length });
    const before = seen.value;
    if (next.first !== before.first || next.last !== before.last || px !== before.px)
      seen.value = { ...next, px };
    const index = Math.max(0, Math.ceil(-top / px));
    const line = latest.current[index];
    anchor.current = line === undefined ? undefined : { id: line.id, index };
  };

  useLayoutEffect(() => {
    const held = anchor.current;
    const px = seen.value.px;
    const beyondHead = (list.current?.getBoundingClientRect().top ?? 0) < 0;
    if (held !== undefined && beyondHead && lines[held.index]?.id !== held.id) {
      const index = lines.findIndex(({ id }) => id === held.id);
      if (index >= 0) window.scrollBy(0, (index - held.index) * px);
    }
    measure();
  }, [lines]);
  useEffect(() => {
    window.addEventListener('scroll', measure, { passive: true });
    window.addEventListener('resize', measure);
    return () => {
      window.removeEventListener('scroll', measure);
      window.removeEventListener('resize', measure);
    };
  }, []);

  useLayoutEffect(() => {
    if (focus === undefined || list.current === null) return;
    const index = latest.current.findIndex(({ id }) => id === focus.id);
    const top = list.current.getBoundingClientRect().top + index * seen.value.px;
    if (index < 0) return;
    const margin = seen.value.px;
    if (top < margin) window.scrollBy(0, top - margin);
    else if (top + margin * 2 > window.innerHeight) window.scrollBy(0, top + margin * 2 - window.innerHeight);
    measure();
    // The line is drawn by then, also where it was outside the window before.
    const timer = window.setTimeout(() => document.getElementById(`row-${focus.id}`)?.focus(), 0);
    return () => window.clearTimeout(timer);
  }, [focus?.id, focus?.at]);

  const { first, last, px } = seen.value;
  const end = Math.min(last, lines.length);
  const style = {
    '--above': `${Math.min(first, lines.length) * px}px`,
    '--below': `${Math.max(0, lines.length - end) * px}px`,
    '--row': `${px}px`,
  };
  return (
    <ul ref={list} class="rows window" aria-label={props.label} style={style}>
      {lines.slice(first, end).map((line, at) => props.line(line, first + at + 1))}
    </ul>
  );
}
