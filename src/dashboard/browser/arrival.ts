import { useEffect, useRef } from 'preact/hooks';

/** Nothing has the focus: what had it has gone from the document, or was switched off. */
export function isFocusLost(): boolean {
  const { activeElement } = document;
  return activeElement === null || activeElement === document.body;
}

function focusHeading(): void {
  const heading = document.querySelector<HTMLElement>('main h1');
  if (heading === null) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/**
 * Brings the focus to the heading of each screen that one comes to, so that a reader tells where one is and goes on from
 * there: also when the heading comes up later, or is replaced while the screen loads. It ends with the next key or press.
 * `place` is undefined until it is known; the first one is not arrived at, since the browser itself tells of a page.
 */
export function useArrival(place: string | undefined): void {
  const before = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (place === undefined || place === before.current) return;
    const isFirst = before.current === undefined;
    before.current = place;
    if (isFirst) return;
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    const settle = () => {
      if (isFocusLost()) focusHeading();
    };
    settle();
    const watching = new MutationObserver(settle);
    watching.observe(document.body, { childList: true, subtree: true });
    const end = () => watching.disconnect();
    window.addEventListener('keydown', end, { once: true });
    window.addEventListener('pointerdown', end, { once: true });
    return () => {
      end();
      window.removeEventListener('keydown', end);
      window.removeEventListener('pointerdown', end);
    };
  }, [place]);
}
