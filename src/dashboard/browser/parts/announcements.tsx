import type { Announcer, Said } from '../announce.ts';

/** A node of its own for each remark: the same words twice are said twice. */
function Words({ said }: { said: Said }) {
  return (
    <>
      {said.texts.map((text) => (
        <p key={`${said.round} ${text}`}>{text}</p>
      ))}
    </>
  );
}

/** Where the page speaks. Both regions stand there before anything is said, or readers would miss the first words. */
export function Announcements({ announcer }: { announcer: Announcer }) {
  return (
    <>
      <div class="visually-hidden" aria-live="polite">
        <Words said={announcer.polite.value} />
      </div>
      <div class="visually-hidden" aria-live="assertive">
        <Words said={announcer.urgent.value} />
      </div>
    </>
  );
}
