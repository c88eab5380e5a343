import { canonicalize } from '../core/canonical.ts';
import { commitment, sha256Hex } from '../core/digest.ts';
import type { JsonObject } from '../core/json.ts';
import type { Risk } from '../policy/verdict.ts';

/** The exact call that a person decides about and that is replayed. Nothing in it is read again from the agent. */
export interface FrozenCall {
  readonly kind: 'tool' | 'action';
  /** The downstream server; the resource of an action. */
  readonly server: string;
  /** The tool; the name of an action. */
  readonly tool: string;
  /** RFC 8785 text of the arguments; for a tool, these bytes are what the downstream receives. */
  readonly argumentsText: string;
  /** RFC 8785 text of `{arguments, server, tool}`, or of `{action, actor, arguments, metadata, resource, risk}`. */
  readonly text: string;
  /** `sha256:` + hex of `text`. */
  readonly digest: string;
  /** Present exactly when `kind` is `action`. */
  readonly action?: ActionFacts;
}

/** What an action says beside its name, resource and arguments. */
export interface ActionFacts {
  /** Who acts, such as `service-account:release-bot`. */
  readonly actor: string;
  /** The risk that the requester declared, or ''. */
  readonly risk: Risk | '';
  readonly metadata: JsonObject;
}

export function freezeCall(call: { server: string; tool: string; args: JsonObject }): FrozenCall {
  const argumentsText = canonicalize(call.args);
  const text = frozenText({ ...call, argumentsText });
  return {
    kind: 'tool',
    server: call.server,
    tool: call.tool,
    argumentsText,
    text,
    digest: `sha256:${sha256Hex(text)}`,
  };
}

/** Freezes an action of any system; nothing of it is ever sent by the gateway. */
export function freezeAction(action: {
  name: string;
  resource: string;
  args: JsonObject;
  facts: ActionFacts;
}): FrozenCall {
  const { name, resource, args, facts } = action;
  const { actor, metadata, risk } = facts;
  const text = canonicalize({ action: name, actor, arguments: args, metadata, resource, risk });
  return {
    kind: 'action',
    server: resource,
    tool: name,
    argumentsText: canonicalize(args),
    text,
    digest: `sha256:${sha256Hex(text)}`,
    action: facts,
  };
}

/** Keys in RFC 8785 order: arguments, server, tool. */
function frozenText(call: { server: string; tool: string; argumentsText: string }): string {
  return `{"arguments":${call.argumentsText},"server":${JSON.stringify(call.server)},"tool":${JSON.stringify(call.tool)}}`;
}

type StoredCall =
  | { readonly arguments: JsonObject; readonly server: string; readonly tool: string }
  | ({ readonly arguments: JsonObject; readonly action: string; readonly resource: string } & ActionFacts);

/** Rebuilds the frozen call from its stored text; the inverse of `freezeCall(...).text` and `freezeAction(...).text`. */
export function thawCall(text: string): FrozenCall & { readonly args: JsonObject } {
  const value = JSON.parse(text) as StoredCall;
  const args = value.arguments;
  if ('server' in value) return { ...freezeCall({ server: value.server, tool: value.tool, args }), args };
  const { action: name, resource, actor, metadata, risk } = value;
  return { ...freezeAction({ name, resource, args, facts: { actor, metadata, risk } }), args };
}

/**
 * What is known of a call whose text was erased: where it went, and nothing of what it carried. It has no digest, so that
 * no other call is taken for it.
 */
export function erasedCall(known: {
  kind: FrozenCall['kind'];
  server: string;
  tool: string;
  subject: string;
}): FrozenCall {
  const { server, tool, subject: actor } = known;
  const facts: ActionFacts = { actor, risk: '', metadata: {} };
  const bare =
    known.kind === 'tool'
      ? freezeCall({ server, tool, args: {} })
      : freezeAction({ name: tool, resource: server, args: {}, facts });
  return { ...bare, digest: '' };
}

/** `{"arguments":…,"name":…}`: the canonical params of a tools/call, the same bytes for live calls and replays. */
export function callParamsText(call: { tool: string; argumentsText: string }): string {
  return `{"arguments":${call.argumentsText},"name":${JSON.stringify(call.tool)}}`;
}

/** A text with the salt that hides it and the commitment that stands for it in statement and ledger. */
export interface Committed {
  readonly text: string;
  /** 32 bytes as hex. */
  readonly salt: string;
  readonly commit: string;
}

export function commitText(text: string, salt: Uint8Array): Committed {
  return { text, salt: Buffer.from(salt).toString('hex'), commit: commitment(salt, text) };
}
