import { systemStopwatch } from '../core/clock.ts';
import { type AccessResource, createAccess } from './access.ts';
import { type ActsResource, createActs } from './acts.ts';
import { apiError } from './api-error.ts';
import { type ApprovalsResource, createApprovals, type ServiceAccount } from './approvals.ts';
import { type ApproversResource, createApprovers } from './approvers.ts';
import { type BatchesResource, createBatches } from './batches.ts';
import { type CapabilitiesResource, createCapabilities } from './capabilities.ts';
import { type ChannelsResource, createChannels } from './channels.ts';
import { type ConnectionsResource, createConnections } from './connections.ts';
import { createDiagnose, type Diagnose } from './diagnostics.ts';
import { createExport, type ExportResource } from './export.ts';
import { createHealth, type HealthResource } from './health.ts';
import { type CallOptions, createHttp, type HttpOptions, type Pause } from './http.ts';
import { createJobsResource, type JobsResource } from './jobs.ts';
import { createKeys, type KeysResource } from './keys.ts';
import { createLedgerResource, type LedgerResource } from './ledger.ts';
import { createLogs, type LogsResource } from './logs.ts';
import { createMachineLogin } from './machine.ts';
import { type AskOverview, createOverview } from './overview.ts';
import { createPerson, type PersonResource } from './person.ts';
import { createPolicies, type PoliciesResource } from './policies.ts';
import { createPush, type PushResource } from './push.ts';
import { createServers, type ServersResource } from './servers.ts';
import { createServiceAccounts, type ServiceAccountsResource } from './service-accounts.ts';
import { createSessions, type MintedSession, type MintInput, type SessionsResource } from './sessions.ts';
import { userApprovals, userJobs, userLogs, userSessions } from './user.ts';
import { createWebhooks, type WebhooksResource } from './webhooks.ts';
import { createWitnesses, type WitnessesResource } from './witnesses.ts';

export interface CountersignOptions {
  /** The gateway's address, such as `http://localhost:8420`. In a browser it defaults to the page's own origin. */
  readonly baseUrl?: string | undefined;
  /** `cs_…`. Without one the service account logs in; without either the cookie of a signed-in person is used. */
  readonly apiKey?: string | undefined;
  /**
   * Authenticates by its key where there is no API key (`baseUrl` must be the gateway's public origin), and lets
   * `approvals.approve` and `deny` decide where a rule says `approver: automation`.
   */
  readonly serviceAccount?: ServiceAccount | undefined;
  /** Defaults for every call. */
  readonly timeoutMs?: number | undefined;
  readonly maxRetries?: number | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: HttpOptions['fetch'] | undefined;
  /** Replaces the wait between attempts. */
  readonly pause?: Pause | undefined;
  /** Replaces the clock (monotonic milliseconds) that bounds `approvals.wait`. */
  readonly stopwatch?: (() => number) | undefined;
}

/** What one end user's agents may be given and have done. What is of others is not found here. */
export interface CountersignUser {
  readonly id: string;
  /** Mints a session for this user: what an MCP client needs to connect. */
  session(input?: MintInput, options?: CallOptions): Promise<MintedSession>;
  readonly sessions: Omit<SessionsResource, 'mint' | 'narrow'>;
  readonly approvals: ApprovalsResource;
  readonly jobs: JobsResource;
  readonly logs: Omit<LogsResource, 'redact'>;
}

export interface Countersign {
  forUser(id: string): CountersignUser;
  readonly sessions: SessionsResource;
  readonly approvals: ApprovalsResource;
  readonly batches: BatchesResource;
  readonly jobs: JobsResource;
  readonly logs: LogsResource;
  readonly capabilities: CapabilitiesResource;
  readonly servers: ServersResource;
  readonly policies: PoliciesResource;
  readonly keys: KeysResource;
  readonly approvers: ApproversResource;
  readonly serviceAccounts: ServiceAccountsResource;
  readonly acts: ActsResource;
  readonly person: PersonResource;
  readonly connections: ConnectionsResource;
  readonly access: AccessResource;
  readonly ledger: LedgerResource & ExportResource;
  readonly witnesses: WitnessesResource;
  readonly webhooks: WebhooksResource;
  readonly channels: ChannelsResource;
  readonly push: PushResource;
  readonly diagnose: Diagnose;
  readonly overview: AskOverview;
  readonly health: HealthResource;
}

export interface CountersignConstructor {
  new (options?: CountersignOptions): Countersign;
}

const pauseByTimer: Pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const handle = setTimeout(finish, ms);
    function abort(): void {
      clearTimeout(handle);
      reject(signal?.reason);
    }
    function finish(): void {
      signal?.removeEventListener('abort', abort);
      resolve();
    }
    signal?.addEventListener('abort', abort, { once: true });
  });

function baseUrlOf(given: string | undefined): string {
  const text = given ?? (globalThis as { location?: { origin?: string } }).location?.origin ?? '';
  if (!/^https?:\/\/[^/?#]/.test(text) || /[?#]/.test(text)) {
    const message = `baseUrl: expected an address such as "http://localhost:8420", but got ${JSON.stringify(text)}.`;
    throw apiError({
      code: 'invalid_request',
      message,
      fields: [{ field: 'baseUrl', expected: 'an http or https URL' }],
    });
  }
  return text.replace(/\/+$/, '');
}

function connect(options: CountersignOptions = {}): Countersign {
  const pause = options.pause ?? pauseByTimer;
  const baseUrl = baseUrlOf(options.baseUrl);
  const { serviceAccount } = options;
  const send: HttpOptions['fetch'] = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const http = createHttp({
    baseUrl,
    apiKey: options.apiKey,
    login: serviceAccount && createMachineLogin(serviceAccount, { baseUrl, fetch: send }),
    fetch: send,
    timeoutMs: options.timeoutMs ?? 30_000,
    maxRetries: options.maxRetries ?? 2,
    pause,
  });
  const stopwatch = options.stopwatch ?? systemStopwatch;
  const sessions = createSessions(http);
  const approvals = createApprovals({ http, serviceAccount, stopwatch });
  const jobs = createJobsResource({ http, pause, stopwatch });
  const logs = createLogs({ http, pause });
  return {
    forUser(id) {
      if (id === '')
        throw apiError({ code: 'invalid_request', message: 'forUser: expected an id, but it is empty.' });
      return {
        id,
        session: (input = {}, call) => sessions.mint({ ...input, subject: id }, call),
        sessions: userSessions(sessions, id),
        approvals: userApprovals(approvals, id),
        jobs: userJobs(jobs, id),
        logs: userLogs(logs, id),
      };
    },
    sessions,
    approvals,
    jobs,
    logs,
    capabilities: createCapabilities({ http, baseUrl }),
    servers: createServers(http),
    policies: createPolicies(http),
    keys: createKeys(http),
    approvers: createApprovers(http),
    batches: createBatches(http),
    serviceAccounts: createServiceAccounts(http),
    acts: createActs(http),
    person: createPerson(http),
    connections: createConnections(http),
    access: createAccess(http),
    ledger: { ...createLedgerResource(http), ...createExport(http) },
    witnesses: createWitnesses(http),
    webhooks: createWebhooks(http),
    channels: createChannels(http),
    push: createPush(http),
    diagnose: createDiagnose(http),
    overview: createOverview(http),
    health: createHealth(http),
  };
}

/**
 * The client of a Countersign gateway, for Node and browsers.
 *
 *     const user = new Countersign({ baseUrl, apiKey }).forUser('user-1');
 *     const { mcp } = await user.session({ ttlMs: 3_600_000 });
 *
 * Throws `invalid_request` when `baseUrl` is not an http(s) address.
 */
// A declared function that returns an object is what `new` accepts without a class.
export const Countersign = connect as unknown as CountersignConstructor;
