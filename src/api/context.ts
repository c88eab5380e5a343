import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { DecideDeps } from '../approvals/decide.ts';
import type { ByHandDeps } from '../approvals/settle-by-hand.ts';
import type { TakeUpDeps } from '../approvals/take-up.ts';
import type { WaitDeps } from '../approvals/wait.ts';
import type { ExchangeDeps } from '../capabilities/exchange.ts';
import type { CapabilityKeys } from '../capabilities/keys/open-keys.ts';
import type { RevokeDeps } from '../capabilities/revoke.ts';
import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { NewId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Downstreams } from '../downstream/catalog.ts';
import type { ServerLogins } from '../downstream/oauth/log-in.ts';
import type { RecordedCalls } from '../evidence/recorded/recorded-calls.ts';
import type { ExportRequest } from '../evidence/write-export.ts';
import type { AskDeps } from '../gate/judge-action.ts';
import type { FindDeps } from '../jobs/find.ts';
import type { Jobs } from '../jobs/ports.ts';
import type { RunningLedger } from '../ledger/ledger.ts';
import type { RedactDeps } from '../ledger/redact/redact.ts';
import type { WitnessStanding } from '../ledger/witness/standing.ts';
import type { Channels } from '../notifications/channels/look.ts';
import type { EndpointDeps } from '../notifications/ports.ts';
import type { DeviceDeps } from '../notifications/push/ports.ts';
import type { ToolSchema } from '../policy/args-schema.ts';
import type { PolicyStore } from '../policy/load.ts';
import type { PasskeyDeps } from '../principals/deps.ts';
import type { PersonPrincipal, Principal, Role } from '../principals/principal.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import type { MintDeps } from '../sessions/mint.ts';
import type { NarrowDeps } from '../sessions/narrow.ts';
import type { OauthDeps } from '../sessions/oauth/deps.ts';
import type { Reader } from '../storage/database.ts';
import type { BindingDeps } from './denial-binding.ts';
import type { AnswerSealing } from './idempotency/answer.ts';
import type { RateLimiter } from './rate/limit-rate.ts';

/** What the routes work with; made once by the wiring. */
export interface ApiDeps {
  readonly workspace: string;
  readonly publicOrigin: string;
  /** The verifier key of the log, as `name+id+base64`. */
  readonly vkey: string;
  readonly version: string;
  readonly database: Reader;
  readonly ledger: RunningLedger;
  /** How it stands with each configured witness. */
  readonly witnesses: () => readonly WitnessStanding[];
  readonly sessions: SessionDirectory;
  readonly mint: MintDeps;
  readonly oauth: OauthDeps;
  readonly principals: PasskeyDeps;
  readonly decide: DecideDeps;
  readonly byHand: ByHandDeps;
  readonly redact: RedactDeps;
  /** The lines of an export, as they are asked for. Throws `not_found` for an approval that is not on the ledger. */
  readonly exportLedger: (request: ExportRequest) => Promise<AsyncGenerator<string, void>>;
  readonly answerSealing: AnswerSealing;
  readonly limiter: RateLimiter;
  readonly ask: AskDeps;
  readonly takeUp: TakeUpDeps;
  /** Only where the draft of access requests is switched on. */
  readonly accessRequests: BindingDeps | undefined;
  readonly capabilities: ExchangeDeps & RevokeDeps;
  readonly capabilityKeys: CapabilityKeys;
  readonly narrow: NarrowDeps;
  readonly wait: WaitDeps;
  readonly work: { readonly jobs: Jobs; readonly find: FindDeps };
  readonly webhooks: EndpointDeps;
  readonly toPeople: {
    readonly channels: Channels;
    readonly isDenyLink: (given: { approval: string; signature: string }) => boolean;
  };
  /** Undefined where the configuration has Web Push switched off. */
  readonly devices: DeviceDeps | undefined;
  readonly downstreams: Downstreams;
  readonly serverLogins: ServerLogins;
  /** The pinned definitions of one server's tools. */
  readonly pins: (
    server: string,
  ) => Promise<readonly { tool: string; hash: string | undefined; definition: JsonObject | undefined }[]>;
  /** The tools whose schemas type the `args` of policy conditions. */
  readonly toolSchemas: () => readonly ToolSchema[];
  readonly policy: PolicyStore;
  readonly recorded: RecordedCalls;
  /** Called after a person has enrolled. */
  readonly onEnrolled: () => void;
  /** Aborted when the gateway begins to close: whatever waits or streams then ends at once. */
  readonly closing: AbortSignal;
  readonly now: Clock;
  readonly newId: NewId;
  readonly log: { error(fields: object, message: string): void };
}

export interface ApiEnv {
  Variables: {
    principal: Principal | undefined;
    requestId: string;
  };
}

export type Api = OpenAPIHono<ApiEnv>;
export type ApiContext = Context<ApiEnv>;

const READERS: readonly Role[] = ['reader'];

/** True for an API key with one of the roles; an operator has them all. */
export function hasRole(principal: Principal, roles: readonly Role[]): boolean {
  return (
    principal.kind === 'api_key' &&
    (principal.roles.includes('operator') || roles.some((role) => principal.roles.includes(role)))
  );
}

function needsRole(roles: readonly Role[]): CountersignError {
  const names = [...new Set([...roles, 'operator'])].join(' or ');
  return new CountersignError(
    'forbidden',
    `This needs an API key with the role ${names}. An operator makes one: POST /v1/keys, or "countersign key create".`,
  );
}

/** The caller, if it is a person or holds one of the roles. Throws `unauthenticated` or `forbidden`. */
export function requireAny(context: ApiContext, roles: readonly Role[] = READERS): Principal {
  const principal = context.get('principal');
  if (principal === undefined) {
    throw new CountersignError(
      'unauthenticated',
      'Send an API key as Authorization: Bearer cs_…, or sign in to the dashboard.',
    );
  }
  if (principal.kind === 'person' || hasRole(principal, roles)) return principal;
  throw needsRole(roles);
}

/** An API key with one of the roles; people are refused too. Throws `unauthenticated` or `forbidden`. */
export function requireKey(
  context: ApiContext,
  roles: readonly Role[],
): Extract<Principal, { kind: 'api_key' }> {
  const principal = requireAny(context, roles);
  if (principal.kind === 'api_key') return principal;
  throw needsRole(roles);
}

/** The signed-in person. An API key is refused, whatever its roles. */
export function requireSignedIn(context: ApiContext): PersonPrincipal {
  const principal = context.get('principal');
  if (principal?.kind === 'person') return principal;
  if (principal === undefined)
    throw new CountersignError('unauthenticated', 'Sign in to the dashboard with your passkey first.');
  throw new CountersignError(
    'forbidden',
    'Only a person who is signed in with a passkey may do this. API keys and sessions never can.',
  );
}
