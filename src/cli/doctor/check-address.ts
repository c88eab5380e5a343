import { errorText } from '../../core/errors.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const WAIT_MS = 5_000;
const SKEW_WARNING_MS = 5_000;
const SKEW_PROBLEM_MS = 30_000;

/** What a gateway's address answered. */
export interface Reached {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The gateway's clock less this machine's, in milliseconds; undefined when it did not say. */
  readonly skewMs: number | undefined;
}

/** Asks an address once, without credentials. Throws what `fetch` throws. */
export async function reach(url: string, now: () => number): Promise<Reached> {
  const before = now();
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(WAIT_MS) });
  const middle = (before + now()) / 2;
  const date = Date.parse(response.headers.get('date') ?? '');
  // `Date` is cut to whole seconds.
  const skewMs = Number.isNaN(date) ? undefined : date + 500 - middle;
  return { status: response.status, headers: response.headers, text: await response.text(), skewMs };
}

function causeOf(error: unknown): string {
  const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : errorText(error);
}

/** Why an address cannot be reached, and what to do. */
export function unreachable(check: string, url: string, error: unknown): Finding {
  const cause = causeOf(error);
  const text = `${url} cannot be reached (${cause})`;
  if (cause === 'ECONNREFUSED') return problem(check, text, 'Start it there: countersign up');
  if (cause === 'ENOTFOUND' || cause === 'EAI_AGAIN')
    return problem(check, text, 'The name is not known here. Check its spelling and the DNS.');
  if (/CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(cause))
    return problem(check, text, 'Its certificate is not accepted here. Renew it, or trust who issued it.');
  return problem(check, text, 'Check the address, the proxy in front of the gateway, and the network.');
}

/** Whether the clocks agree: links, statements and sessions end by the gateway's. */
export function clockFinding(skewMs: number | undefined): Finding[] {
  if (skewMs === undefined) return [];
  const apart = Math.abs(skewMs);
  const text = `the gateway’s clock is ${Math.round(apart / 1_000)} s ${skewMs < 0 ? 'behind' : 'ahead of'} this machine’s`;
  if (apart < 1_000) return [ok('clock', 'the gateway and this machine agree')];
  const todo = 'Let both keep time by NTP; what has to be answered in time ends too early or too late.';
  if (apart > SKEW_PROBLEM_MS) return [problem('clock', text, todo)];
  return [apart > SKEW_WARNING_MS ? warning('clock', text, todo) : ok('clock', text)];
}

/** Whether a browser would show the approvers' page from this answer and its script. */
export async function pageFinding(origin: string, now: () => number): Promise<Finding> {
  const url = `${origin}/`;
  try {
    const { status, headers, text } = await reach(url, now);
    if (status === 403) {
      const todo = `Use the gateway’s public_origin, or add the host to allowed_hosts.`;
      return problem('page', `${url} is refused: the gateway does not answer for this host`, todo);
    }
    if (status === 503)
      return problem(
        'page',
        `${url}: the dashboard is not built, or the gateway is starting`,
        'Run: npm run build',
      );
    if (status !== 200 || !/^text\/html\b/.test(headers.get('content-type') ?? ''))
      return problem(
        'page',
        `${url} answers with HTTP ${status} and no page`,
        'Check the proxy in front of it.',
      );
    if (!/frame-ancestors 'none'/.test(headers.get('content-security-policy') ?? '')) {
      const todo =
        'Have the proxy pass Content-Security-Policy on: without it the page can be framed and scripted.';
      return problem('page', `${url} comes without its protecting headers`, todo);
    }
    const script = /<script[^>]*\ssrc="([^"]+)"/.exec(text)?.[1];
    if (script !== undefined && (await reach(new URL(script, url).href, now)).status !== 200)
      return problem(
        'page',
        `${url} comes without its script ${script}`,
        'Have the proxy pass every path on.',
      );
    return ok('page', `people can open ${url}`);
  } catch (error) {
    return unreachable('page', url, error);
  }
}

/** Whether the address that is used is the one that people and passkeys are bound to. */
export function originFinding(used: string, publicOrigin: string): Finding {
  const [here, there] = [new URL(used), new URL(publicOrigin)];
  const isLocal = /^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(here.hostname);
  if (here.protocol === 'http:' && !isLocal)
    return problem(
      'address',
      `${used} is without TLS`,
      `Use ${publicOrigin}: keys and tokens are sent in the clear.`,
    );
  if (here.origin === there.origin) return ok('address', `${publicOrigin} is its public origin`);
  return warning(
    'address',
    `${used} is not its public origin ${publicOrigin}`,
    `Passkeys work at ${publicOrigin} alone, and links lead there; set public_origin if that is not where people go.`,
  );
}
