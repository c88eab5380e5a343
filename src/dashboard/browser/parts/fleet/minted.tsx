import { connectLines } from '../../../../sdk/connect-lines.ts';
import type { MintedSession } from '../../../../sdk/sessions.ts';
import { Dialog, Leave } from '../dialog.tsx';
import { Exact } from '../exact.tsx';
import { TextOf } from '../text-of.tsx';
import { CopyLine } from './copy-line.tsx';

/** How an agent connects with a session that has just been made. Its token is nowhere else. */
export function Minted({ session, close }: { session: MintedSession; close: () => void }) {
  const { mcp } = session;
  return (
    <Dialog title="Copy the token now" class="mint" stays close={close}>
      <p>
        It is shown only here and only once; the gateway keeps no copy. It acts for{' '}
        <code>
          <TextOf text={session.subject} />
        </code>{' '}
        until <Exact at={session.expiresAt} />.
      </p>
      <CopyLine label="Address" text={mcp.url} />
      {Object.entries(mcp.headers).map(([name, value]) => (
        <CopyLine key={name} label={`Header ${name}`} text={value} />
      ))}
      <CopyLine label="Secret URL, for clients that take only a URL" text={mcp.secretUrl} />
      {connectLines(mcp).map(({ id, client, steps }) => (
        <details key={id}>
          <summary>{client}</summary>
          {steps.map(({ say, paste }) => (
            <CopyLine key={say} label={`${client}: ${say}`} text={paste} />
          ))}
        </details>
      ))}
      <div class="buttons">
        <Leave class="primary">I have stored it</Leave>
      </div>
    </Dialog>
  );
}
