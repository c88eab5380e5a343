import { canonicalize } from '../core/canonical.ts';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';

const TYPE = 'approval-statement/v1';
const HEX_256 = /^[0-9a-f]{64}$/;
const BASE64URL_256 = /^[A-Za-z0-9_-]{43}$/;

export type Decision = 'approve' | 'deny';

/** What an approver signs. Everything that gives a decision its meaning is in here. */
export interface StatementFields {
  /** The ledger's origin, `<host>/<workspace>`. */
  readonly log: string;
  readonly approval: string;
  /** The installation that froze the call. */
  readonly instance: string;
  readonly decision: Decision;
  /** Absent when none was given; never empty. */
  readonly reason?: string;
  /** `commitment` of the frozen call, hex. */
  readonly actionCommit: string;
  /** `commitment` of the rendered view, hex. */
  readonly viewCommit: string;
  /** `sha256:…` of the tool definition. */
  readonly toolHash: string;
  readonly policyVersion: string;
  /** `person:per_…` or `service_account:svc_…`. */
  readonly approver: string;
  /** The approver is one of those who may decide when nobody else can; approves, and says why. */
  readonly breakGlass?: true;
  /** What approving releases: `aud` names the one downstream, for `uses` calls within `ttl` seconds. */
  readonly scope: { readonly aud: string; readonly uses: 1; readonly ttl: number };
  /** 32 random bytes, base64url. */
  readonly nonce: string;
  /** Seconds since the epoch, as in RFC 7519 §2 NumericDate; the statement cannot be signed after it. */
  readonly exp: number;
}

/**
 * The canonical text (RFC 8785) of the statement: `{typ, log, approval, instance, decision, reason?, break_glass?,
 * action, view, tool_def, policy, approver, scope: {aud, uses, ttl}, nonce, exp}`. Throws `internal` on fields that no reader
 * would accept, so that nothing unverifiable is ever signed.
 */
export function buildStatement(fields: StatementFields): string {
  const text = canonicalize({
    typ: TYPE,
    log: fields.log,
    approval: fields.approval,
    instance: fields.instance,
    decision: fields.decision,
    ...(fields.reason === undefined ? {} : { reason: fields.reason }),
    ...(fields.breakGlass === undefined ? {} : { break_glass: fields.breakGlass }),
    action: fields.actionCommit,
    view: fields.viewCommit,
    tool_def: fields.toolHash,
    policy: fields.policyVersion,
    approver: fields.approver,
    scope: { aud: fields.scope.aud, uses: fields.scope.uses, ttl: fields.scope.ttl },
    nonce: fields.nonce,
    exp: fields.exp,
  });
  try {
    parseStatement(text);
  } catch (cause) {
    throw new CountersignError('internal', 'An approval statement could not be made.', { cause });
  }
  return text;
}

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `statement.${field}: expected ${expected}`, {
    fields: [{ field: `statement.${field}`, expected }],
  });
}

function textOf(object: JsonObject, field: string, pattern = /^[\s\S]+$/, expected = 'text'): string {
  const value = object[field];
  if (typeof value !== 'string' || !pattern.test(value)) refuse(field, expected);
  return value;
}

function countOf(object: JsonObject, field: string, most: number): number {
  const value = object[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1 || value > most) {
    refuse(field, `a whole number from 1 to ${most}`);
  }
  return value;
}

const MEMBERS = new Set(
  'typ log approval instance decision reason break_glass action view tool_def policy approver scope nonce exp'.split(
    ' ',
  ),
);
const NUMERIC_DATE_MAX = 99_999_999_999;
const SCOPE_TTL_MAX_SECONDS = 31 * 24 * 3600;

/** Reads a statement back. Throws `invalid_request` unless it is canonical, complete, and holds nothing else. */
export function parseStatement(text: string): StatementFields {
  const value = parseStrict(text);
  if (!isJsonObject(value)) refuse('typ', `an object of type ${TYPE}`);
  if (canonicalize(value) !== text) refuse('typ', 'canonical JSON (RFC 8785)');
  if (value.typ !== TYPE) refuse('typ', `"${TYPE}"`);
  const stranger = Object.keys(value).find((member) => !MEMBERS.has(member));
  if (stranger !== undefined) refuse(stranger, 'no such member');
  const { decision, scope, break_glass: breakGlass } = value;
  if (decision !== 'approve' && decision !== 'deny') refuse('decision', '"approve" or "deny"');
  if (!isJsonObject(scope) || Object.keys(scope).length !== 3)
    refuse('scope', 'an object of aud, uses and ttl');
  if (scope.uses !== 1) refuse('scope.uses', '1');
  if (breakGlass !== undefined) {
    if (breakGlass !== true) refuse('break_glass', 'true, or nothing');
    if (decision !== 'approve') refuse('decision', '"approve", which is all that breaking the glass can do');
    if (value.reason === undefined) refuse('reason', 'why the glass is broken');
  }
  return {
    log: textOf(value, 'log'),
    approval: textOf(value, 'approval'),
    instance: textOf(value, 'instance'),
    decision,
    ...(value.reason === undefined ? {} : { reason: textOf(value, 'reason') }),
    ...(breakGlass === undefined ? {} : { breakGlass }),
    actionCommit: textOf(value, 'action', HEX_256, '64 hex digits'),
    viewCommit: textOf(value, 'view', HEX_256, '64 hex digits'),
    toolHash: textOf(value, 'tool_def'),
    policyVersion: textOf(value, 'policy'),
    approver: textOf(
      value,
      'approver',
      /^(?:person|service_account):[\s\S]+$/,
      'person:… or service_account:…',
    ),
    scope: { aud: textOf(scope, 'aud'), uses: 1, ttl: countOf(scope, 'ttl', SCOPE_TTL_MAX_SECONDS) },
    nonce: textOf(value, 'nonce', BASE64URL_256, '32 bytes in base64url'),
    exp: countOf(value, 'exp', NUMERIC_DATE_MAX),
  };
}
