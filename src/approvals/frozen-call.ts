import { canonicalize } from '../core/canonical.ts';
import { commitment, sha256Hex } from '../core/digest.ts';
import type { JsonObject } from '../core/json.ts';

/** The exact call that a person decides about and that is replayed. Nothing in it is read again from the agent. */
export interface FrozenCall {
  readonly server: string;
  readonly tool: string;
  /** RFC 8785 text of the arguments; these bytes are what the downstream receives. */
  readonly argumentsText: string;
  /** RFC 8785 text of `{arguments, server, tool}`. */
  readonly text: string;
  /** `sha256:` + hex of `text`. */
  readonly digest: string;
}

export function freezeCall(call: { server: string; tool: string; args: JsonObject }): FrozenCall {
  const argumentsText = canonicalize(call.args);
  const text = frozenText({ ...call, argumentsText });
  return { server: call.server, tool: call.tool, argumentsText, text, digest: `sha256:${sha256Hex(text)}` };
}

/** Keys in RFC 8785 order: arguments, server, tool. */
function frozenText(call: { server: string; tool: string; argumentsText: string }): string {
  return `{"arguments":${call.argumentsText},"server":${JSON.stringify(call.server)},"tool":${JSON.stringify(call.tool)}}`;
}

/** Rebuilds the frozen call from its stored text; the inverse of `freezeCall(...).text`. */
export function thawCall(text: string): FrozenCall & { readonly args: JsonObject } {
  const value = JSON.parse(text) as { arguments: JsonObject; server: string; tool: string };
  return {
    ...freezeCall({ server: value.server, tool: value.tool, args: value.arguments }),
    args: value.arguments,
  };
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
