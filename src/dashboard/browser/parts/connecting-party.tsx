import type { AskedConnection } from '../../../sdk/connections.ts';
import { TextOf } from './text-of.tsx';

const TARGETS = {
  web: 'a web site',
  loopback: 'a program on this computer',
  application: 'an application on this device',
} as const;

/** Who asks to be connected: what is proven, and, marked as such, what it only says of itself. */
export function ConnectingParty({ asked }: { asked: AskedConnection }) {
  const { client, redirect, resource, subject } = asked;
  return (
    <section class="card facts" aria-label="The application">
      <dl>
        <div>
          <dt>It calls itself</dt>
          <dd>
            {client.name === null ? 'nothing' : <TextOf text={client.name} />}{' '}
            <span class="untrusted">not verified</span>
          </dd>
        </div>
        <div>
          <dt>Known by</dt>
          <dd>
            {client.verifiedHost === null ? (
              'A registration that anybody can make. Nothing about it is verified.'
            ) : (
              <>
                <strong>
                  <TextOf text={client.verifiedHost} />
                </strong>
                , which publishes <code>{client.id}</code>
              </>
            )}
          </dd>
        </div>
        {client.uri !== null && (
          <div>
            <dt>Its page</dt>
            <dd>
              <TextOf text={client.uri} /> <span class="untrusted">not verified</span>
            </dd>
          </div>
        )}
        <div>
          <dt>Access goes to</dt>
          <dd>
            <strong>
              <TextOf text={redirect.name} />
            </strong>
            , {TARGETS[redirect.kind]}
          </dd>
        </div>
        <div>
          <dt>It connects to</dt>
          <dd>
            <code>{resource}</code>
          </dd>
        </div>
        <div>
          <dt>On behalf of</dt>
          <dd>
            <code>
              <TextOf text={subject} />
            </code>
          </dd>
        </div>
      </dl>
      <div class="warning-note">
        <p>
          Go on only if you have just begun this yourself, in an application that you know. A link that
          somebody sent you connects their application, not yours.
        </p>
      </div>
    </section>
  );
}
