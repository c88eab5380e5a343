import { duration, durationWords, shortTime, shortTimeWords } from '../model/time.ts';

interface LastingProps {
  readonly ms: number;
  readonly before?: string;
  readonly after?: string;
  /** To the millisecond below a second. */
  readonly fine?: boolean;
}

/** A length of time, short for the eye and in whole words for a reader, with what stands around it. */
export function Lasting({ ms, before = '', after = '', fine = false }: LastingProps) {
  const [seen, heard] = fine ? [shortTime, shortTimeWords] : [duration, durationWords];
  return (
    <>
      <span aria-hidden="true">
        {before}
        {seen(ms)}
        {after}
      </span>
      <span class="visually-hidden">
        {before}
        {heard(ms)}
        {after}
      </span>
    </>
  );
}
