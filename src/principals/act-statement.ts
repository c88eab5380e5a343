import { canonicalize } from '../core/canonical.ts';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';
import { ROLES, type Role } from './principal.ts';

const TYPE = 'act-statement/v1';
const HEX_256 = /^[0-9a-f]{64}$/;
const BASE64URL_256 = /^[A-Za-z0-9_-]{43}$/;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const KEY_HINT = /^[A-Za-z0-9_-]{4}$/;
const NUMERIC_DATE_MAX = 99_999_999_999;

/** What an enrolled person signs to change who may act here, with everything that gives the act its meaning. */
export interface ActParams {
  readonly 'approver.invite': {
    readonly name: string;
    readonly groups: readonly string[];
    /** The subject of the sessions whose agents act for the invited person. */
    readonly subject?: string;
    /** SHA-256 hex of the proof that only the holder of the link can give. */
    readonly token: string;
  };
  readonly 'approver.remove': { readonly person: string };
  readonly 'passkey.add': {
    readonly person: string;
    /** base64url */
    readonly credential_id: string;
    /** COSE key, base64url */
    readonly public_key: string;
  };
  readonly 'passkey.remove': { readonly person: string; readonly passkey: string };
  readonly 'service_account.create': {
    readonly name: string;
    readonly groups: readonly string[];
    /** The public key as a JWK. */
    readonly public_key: JsonObject;
  };
  readonly 'service_account.remove': { readonly service_account: string };
  readonly 'key.create': {
    readonly name: string;
    /** At least one, each once. */
    readonly roles: readonly Role[];
    /** The last four characters of the secret. */
    readonly hint: string;
    /** SHA-256 hex of the secret, which only the person's page knows. */
    readonly hash: string;
  };
}

export type Act = keyof ActParams;

/** One act as it is signed. */
export interface ActStatement<A extends Act = Act> {
  /** The ledger's origin, `<host>/<workspace>`. */
  readonly log: string;
  readonly act: A;
  /** `person:per_…`: who signs. */
  readonly by: string;
  readonly params: ActParams[A];
  /** 32 random bytes, base64url. */
  readonly nonce: string;
  /** Seconds since the epoch, as in RFC 7519 §2 NumericDate. */
  readonly exp: number;
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

function groupsOf(params: JsonObject): readonly string[] {
  const { groups } = params;
  const isList = Array.isArray(groups) && groups.every((group) => typeof group === 'string' && group !== '');
  return isList ? (groups as string[]) : refuse('params.groups', 'a list of texts');
}

function rolesOf(params: JsonObject): readonly Role[] {
  const { roles } = params;
  const listed = Array.isArray(roles) ? roles : [];
  const known = ROLES.filter((role) => listed.includes(role));
  return listed.length > 0 && known.length === listed.length
    ? (listed as Role[])
    : refuse('params.roles', `at least one of ${ROLES.join(', ')}, each once`);
}

function jwkOf(params: JsonObject): JsonObject {
  const { public_key } = params;
  return isJsonObject(public_key) ? public_key : refuse('params.public_key', 'a JWK');
}

/** How the params of each act are read, and so which members they have. */
const PARAMS: { readonly [A in Act]: (params: JsonObject) => ActParams[A] } = {
  'approver.invite': (params) => ({
    name: textOf(params, 'name'),
    groups: groupsOf(params),
    ...(params.subject === undefined ? {} : { subject: textOf(params, 'subject') }),
    token: textOf(params, 'token', HEX_256, '64 hex digits'),
  }),
  'approver.remove': (params) => ({ person: textOf(params, 'person') }),
  'passkey.add': (params) => ({
    person: textOf(params, 'person'),
    credential_id: textOf(params, 'credential_id', BASE64URL, 'base64url'),
    public_key: textOf(params, 'public_key', BASE64URL, 'base64url'),
  }),
  'passkey.remove': (params) => ({ person: textOf(params, 'person'), passkey: textOf(params, 'passkey') }),
  'service_account.create': (params) => ({
    name: textOf(params, 'name'),
    groups: groupsOf(params),
    public_key: jwkOf(params),
  }),
  'service_account.remove': (params) => ({ service_account: textOf(params, 'service_account') }),
  'key.create': (params) => ({
    name: textOf(params, 'name'),
    roles: rolesOf(params),
    hint: textOf(params, 'hint', KEY_HINT, '4 characters of base64url'),
    hash: textOf(params, 'hash', HEX_256, '64 hex digits'),
  }),
};

const ACTS = Object.keys(PARAMS) as Act[];

/**
 * The canonical text (RFC 8785) of the statement: `{typ, log, act, by, params, nonce, exp}`. Throws `internal` on
 * fields that no reader would accept, so that nothing unverifiable is ever signed.
 */
export function buildActStatement<A extends Act>(statement: ActStatement<A>): string {
  const { log, act, by, params, nonce, exp } = statement;
  const text = canonicalize({ typ: TYPE, log, act, by, params: params as unknown as JsonObject, nonce, exp });
  try {
    parseActStatement(text);
  } catch (cause) {
    throw new CountersignError('internal', 'An act statement could not be made.', { cause });
  }
  return text;
}

const MEMBERS = 'act by exp log nonce params typ';

/** Reads a statement back. Throws `invalid_request` unless it is canonical, complete, and holds nothing else. */
export function parseActStatement(text: string): ActStatement {
  const value = parseStrict(text);
  if (!isJsonObject(value)) refuse('typ', `an object of type ${TYPE}`);
  if (canonicalize(value) !== text) refuse('typ', 'canonical JSON (RFC 8785)');
  if (value.typ !== TYPE) refuse('typ', `"${TYPE}"`);
  if (Object.keys(value).join(' ') !== MEMBERS) refuse('typ', `exactly the members ${MEMBERS}`);
  const act = ACTS.find((one) => one === value.act) ?? refuse('act', `one of ${ACTS.join(', ')}`);
  if (!isJsonObject(value.params)) refuse('params', 'an object');
  const params = PARAMS[act](value.params);
  const stranger = Object.keys(value.params).find((member) => !Object.hasOwn(params, member));
  if (stranger !== undefined) refuse(`params.${stranger}`, 'no such member');
  const { exp } = value;
  if (typeof exp !== 'number' || !Number.isSafeInteger(exp) || exp < 1 || exp > NUMERIC_DATE_MAX) {
    refuse('exp', `a whole number from 1 to ${NUMERIC_DATE_MAX}`);
  }
  return {
    log: textOf(value, 'log'),
    act,
    by: textOf(value, 'by', /^person:[\s\S]+$/, 'person:…'),
    params,
    nonce: textOf(value, 'nonce', BASE64URL_256, '32 bytes in base64url'),
    exp,
  };
}

/** True when the statement is of this act; narrows the type of its params. */
export function isAct<A extends Act>(statement: ActStatement, act: A): statement is ActStatement<A> {
  return statement.act === act;
}
