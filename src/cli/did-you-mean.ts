import { apiError, isCountersignApiError } from '../sdk/api-error.ts';
import type { Countersign } from '../sdk/countersign.ts';
import type { Page } from '../sdk/page.ts';
import { nearest } from './nearest.ts';

const NEWEST = 200;

interface Kind {
  /** What ids of this kind begin with; undefined for names. */
  readonly prefix: string | undefined;
  readonly what: string;
  readonly names: (client: Countersign) => Promise<readonly string[]>;
}

async function ids(page: PromiseLike<Page<{ readonly id: string }>>): Promise<string[]> {
  return (await page).data.map(({ id }) => id);
}

/** What the first argument of a noun's commands names, and how to learn which there are. */
const KINDS: Readonly<Record<string, Kind>> = {
  approval: {
    prefix: 'apr_',
    what: 'an approval',
    names: (client) => ids(client.approvals.list({ limit: NEWEST })),
  },
  session: {
    prefix: 'ses_',
    what: 'a session',
    names: (client) => ids(client.sessions.list({ limit: NEWEST })),
  },
  job: { prefix: 'job_', what: 'a job', names: (client) => ids(client.jobs.list({ limit: NEWEST })) },
  capability: {
    prefix: 'cap_',
    what: 'a capability',
    names: (client) => ids(client.capabilities.list({ limit: NEWEST })),
  },
  key: { prefix: 'key_', what: 'an API key', names: (client) => ids(client.keys.list({ limit: NEWEST })) },
  webhook: {
    prefix: 'whk_',
    what: 'a webhook',
    names: (client) => ids(client.webhooks.list({ limit: NEWEST })),
  },
  server: {
    prefix: undefined,
    what: 'a server',
    names: async (client) => (await client.servers.list({ limit: NEWEST })).data.map(({ name }) => name),
  },
};

async function hint(
  noun: string,
  given: string,
  client: () => Promise<Countersign>,
): Promise<string | undefined> {
  const kind = KINDS[noun];
  if (kind === undefined) return undefined;
  const other = Object.entries(KINDS).find(
    ([name, { prefix }]) => name !== noun && prefix !== undefined && given.startsWith(prefix),
  );
  if (other !== undefined)
    return `${given} is the id of ${other[1].what}: see "countersign ${other[0]} --help".`;
  const names = await kind.names(await client());
  const meant = nearest(given, names);
  if (meant !== undefined) return `Did you mean "${meant}"?`;
  return kind.prefix === undefined && names.length > 0 ? `There are: ${names.join(', ')}.` : undefined;
}

/**
 * The same error, with what was probably meant where a name or an id was not found. A fault while looking for that changes
 * nothing.
 */
export async function withHint(
  error: unknown,
  about: { readonly noun: string; readonly given: unknown; readonly client: () => Promise<Countersign> },
): Promise<unknown> {
  const { noun, given, client } = about;
  if (!isCountersignApiError(error) || error.code !== 'not_found' || typeof given !== 'string') return error;
  const found = await hint(noun, given, client).catch(() => undefined);
  if (found === undefined) return error;
  const { code, status, requestId, fields } = error;
  return apiError({ code, status, requestId, fields, message: `${error.message} ${found}`, cause: error });
}
