import { Notice } from '../notice.tsx';

/** Says that what is shown is not kept up to date any more, and offers to go on. */
export function LiveStopped({
  following,
}: {
  following: { stopped: { value: string | undefined }; again: () => void };
}) {
  if (following.stopped.value === undefined) return null;
  return (
    <Notice kind="warning" title="This page is no longer live" retry={following.again}>
      <p>{following.stopped.value}</p>
    </Notice>
  );
}
