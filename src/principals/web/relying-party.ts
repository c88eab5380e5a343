import { isIP } from 'node:net';
import { CountersignError } from '../../core/errors.ts';

/** Who we are to authenticators (WebAuthn Level 3 §5.1.2): always from configuration, never from a request header. */
export interface RelyingParty {
  /** Scheme, host and port, as browsers write it in `clientDataJSON.origin`. */
  readonly origin: string;
  readonly rpId: string;
  /** Whether cookies can carry `Secure` and the `__Host-` prefix. */
  readonly secure: boolean;
}

function refuse(problem: string): never {
  const expected =
    'an origin such as https://countersign.example.com, or http://localhost:4400 on one machine';
  throw new CountersignError('config_invalid', `public origin: ${problem}; expected ${expected}`, {
    fields: [{ field: 'public_origin', expected }],
  });
}

/** Derives the relying party; throws `config_invalid` for an origin on which browsers refuse passkeys. */
export function relyingParty(publicOrigin: string): RelyingParty {
  if (!URL.canParse(publicOrigin)) refuse('this is not a URL');
  const url = new URL(publicOrigin);
  const bare =
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === '';
  if (!bare) refuse('an origin has no path, query, fragment or credentials');
  const host = url.hostname;
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0)
    refuse('passkeys need a host name, an IP address does not work');
  const local = host === 'localhost' || host.endsWith('.localhost');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local))
    refuse('passkeys need https outside localhost');
  return { origin: url.origin, rpId: host, secure: url.protocol === 'https:' };
}
