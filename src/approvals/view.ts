import { escapeToAscii } from '../core/ascii.ts';
import { canonicalize } from '../core/canonical.ts';
import { toRfc3339 } from '../core/clock.ts';
import { sha256Hex } from '../core/digest.ts';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseStrict } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Risk } from '../policy/verdict.ts';

/** Strings longer than this show their SHA-256 beside their length, so that two of them can be told apart. */
const LONG_STRING_CHARACTERS = 200;
const EFFECT_CHARACTERS = 160;

interface Held {
  /** The canonical text of the frozen call or action. */
  readonly callText: string;
  readonly risk: Risk;
  /** The line that `effectLine` makes of the same call. */
  readonly effect: string;
  /** The rule that holds the call, or `default`. */
  readonly rule: string;
  /** Why it was held, in the operator's words. */
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** JSON Pointers (RFC 6901) into the arguments whose values are not to be shown. */
  readonly redact?: readonly string[];
}

/** A tool call, frozen as `{arguments, server, tool}`. */
export interface ViewInput extends Held {
  readonly server: string;
  readonly tool: string;
  readonly subject: string;
  readonly session: string;
}

/** An action, frozen as `{action, actor, arguments, metadata, resource, risk}`. */
export interface ActionViewInput extends Held {
  readonly action: string;
  readonly resource: string;
  readonly actor: string;
  /** The risk that the requester declared, or ''. */
  readonly declaredRisk: Risk | '';
  /** Who asks, by name and reference. */
  readonly requestedBy: string;
}

function quoted(text: string): string {
  return escapeToAscii(JSON.stringify(text));
}

function describeString(text: string): string {
  const bytes = Buffer.byteLength(text, 'utf8');
  const digest = text.length > LONG_STRING_CHARACTERS ? `, sha256 ${sha256Hex(text)}` : '';
  return `string (${text.length} characters, ${bytes} bytes${digest})`;
}

const pointerStep = (key: string | number): string =>
  `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

function* lines(
  label: string,
  value: JsonValue,
  at: { pointer: string; indent: string; hidden: ReadonlySet<string> },
): Generator<string> {
  const { pointer, indent, hidden } = at;
  if (hidden.has(pointer)) {
    yield `${indent}${label}: ${typeOf(value)} redacted by policy`;
    return;
  }
  const below = `${indent}  `;
  if (Array.isArray(value)) {
    yield `${indent}${label}: array (${value.length} items)`;
    for (const [index, item] of value.entries()) {
      yield* lines(`[${index}]`, item, { pointer: pointer + pointerStep(index), indent: below, hidden });
    }
  } else if (isJsonObject(value)) {
    const members = Object.entries(value);
    yield `${indent}${label}: object (${members.length} members)`;
    for (const [key, member] of members) {
      yield* lines(quoted(key), member, { pointer: pointer + pointerStep(key), indent: below, hidden });
    }
  } else if (typeof value === 'string') {
    yield `${indent}${label}: ${describeString(value)} ${quoted(value)}`;
  } else {
    yield `${indent}${label}: ${value === null ? 'null' : `${typeof value} ${JSON.stringify(value)}`}`;
  }
}

/** The members of a frozen call, once it is certain that the text is canonical and says what is shown beside it. */
function readFrozen(callText: string, shown: JsonObject): JsonObject {
  const call = parseStrict(callText, LIMITS.jsonDepth + 1);
  const same = isJsonObject(call) && Object.entries(shown).every(([member, value]) => call[member] === value);
  if (!same || call.arguments === undefined || canonicalize(call) !== callText)
    throw new CountersignError(
      'internal',
      'A frozen call is not the canonical JSON of what is shown with it.',
    );
  return call;
}

const ESCAPED = /^(?:[\x20-\x7e]|⟦U\+[0-9A-F]{4,6}⟧)*$/;

function textOf(
  held: Held,
  head: readonly (readonly [label: string, value: string])[],
  trees: readonly (readonly [label: string, value: JsonValue, redact: readonly string[]])[],
): string {
  return [
    'Countersign approval view v1',
    `Effect: ${ESCAPED.test(held.effect) ? held.effect : escapeToAscii(held.effect)}`,
    ...head.map(([label, value]) => `${label}: ${escapeToAscii(value)}`),
    ...trees.flatMap(([label, value, redact]) => [
      ...lines(label, value, { pointer: '', indent: '', hidden: new Set(redact) }),
    ]),
    '',
  ].join('\n');
}

/**
 * The plain text that an approver reads and signs for: what is called, why it was held, and the whole call as a tree
 * of key, type and value. A pure function of its input, in printable ASCII and `⟦U+…⟧` escapes, one `\n` after each
 * line; nothing is left out except values that policy redacts, and each of those says so. Throws `internal` when
 * `callText` is not canonical or is of another call.
 */
export function renderView(input: ViewInput): string {
  const call = readFrozen(input.callText, { server: input.server, tool: input.tool });
  return textOf(
    input,
    [
      ['Risk', input.risk],
      ['Server', input.server],
      ['Tool', input.tool],
      ['Held by rule', input.rule],
      ['Why', input.reason],
      ['On behalf of', input.subject],
      ['Session', input.session],
      ['Expires', toRfc3339(input.expiresAt)],
    ],
    [['Arguments', call.arguments ?? null, input.redact ?? []]],
  );
}

/** The same for an action, with its metadata as a second tree. */
export function renderActionView(input: ActionViewInput): string {
  const { action, resource, actor, declaredRisk } = input;
  const call = readFrozen(input.callText, { action, resource, actor, risk: declaredRisk });
  return textOf(
    input,
    [
      ['Risk', input.risk],
      ['Action', action],
      ['Resource', resource],
      ['Actor', actor],
      ['Requested by', input.requestedBy],
      ['Declared risk', declaredRisk === '' ? 'none' : declaredRisk],
      ['Rule', input.rule],
      ['Why', input.reason],
      ['Expires', toRfc3339(input.expiresAt)],
    ],
    [
      ['Metadata', call.metadata ?? null, []],
      ['Arguments', call.arguments ?? null, input.redact ?? []],
    ],
  );
}

function money(cents: number, currency: JsonValue | undefined): string {
  const amount = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
  if (typeof currency !== 'string' || !/^[A-Za-z]{3}$/.test(currency)) return amount;
  const code = currency.toUpperCase();
  return code === 'USD' ? `$${amount}` : `${amount} ${code}`;
}

function brief(value: JsonValue): string {
  if (typeof value === 'string') return /^[A-Za-z0-9_.@:-]+$/.test(value) ? value : quoted(value);
  if (Array.isArray(value)) return `[${value.length} items]`;
  if (isJsonObject(value)) return `{${Object.keys(value).length} members}`;
  return JSON.stringify(value);
}

const keyOf = (key: string): string => (/^[A-Za-z0-9_.-]+$/.test(key) ? key : quoted(key));

/** Currencies whose minor unit is not a hundredth (ISO 4217); their amounts are not put into words. */
const NOT_HUNDREDTHS =
  /^(?:bif|clp|djf|gnf|jpy|kmf|krw|mga|pyg|rwf|ugx|vnd|vuv|xaf|xof|xpf|bhd|iqd|jod|kwd|lyd|omr|tnd)$/i;

/**
 * One line that says what a call does, for lists: `payments_refund: 75.00 (amount_cents 7500), invoice_id inv_1`. An
 * action names its resource and its metadata too: `deployment.execute service:billing-api: environment production`. A
 * currency sign stands only where the call names the currency. Escaped like the view; when it is too long it says
 * how many arguments it leaves out. Never a replacement for the arguments themselves.
 */
export function effectLine(input: {
  tool: string;
  args: JsonObject;
  redact?: readonly string[];
  action?: { readonly resource: string; readonly metadata: JsonObject };
}): string {
  const { args } = input;
  const redact = input.redact ?? [];
  const isHidden = (key: string): boolean =>
    redact.some((pointer) => pointer === '' || `${pointer}/`.startsWith(`${pointerStep(key)}/`));
  const parts: string[] = [];
  const cents = args.amount_cents;
  const countable = typeof cents === 'number' && Number.isSafeInteger(cents) && cents >= 0;
  const oddCurrency = typeof args.currency === 'string' && NOT_HUNDREDTHS.test(args.currency);
  const asMoney = countable && !oddCurrency && !isHidden('amount_cents') && !isHidden('currency');
  if (asMoney) parts.push(`${money(cents, args.currency)} (amount_cents ${cents})`);
  for (const [key, value] of Object.entries(args)) {
    if (asMoney && key === 'amount_cents') continue;
    parts.push(`${keyOf(key)} ${isHidden(key) ? 'redacted' : brief(value)}`);
  }
  for (const [key, value] of Object.entries(input.action?.metadata ?? {})) {
    parts.push(`${keyOf(key)} ${brief(value)}`);
  }
  const shown: string[] = [];
  let length = 0;
  for (const part of parts) {
    length += part.length + 2;
    if (length > EFFECT_CHARACTERS) break;
    shown.push(part);
  }
  const left = parts.length - shown.length;
  if (left > 0) shown.push(`and ${left} more ${left === 1 ? 'argument' : 'arguments'}`);
  const what = input.action === undefined ? input.tool : `${input.tool} ${input.action.resource}`;
  return `${escapeToAscii(what)}: ${shown.length > 0 ? shown.join(', ') : 'no arguments'}`;
}
