import { canonicalize } from '../../core/canonical.ts';
import type { JsonObject } from '../../core/json.ts';

/** The call that somebody is about to carry out, exactly as it would be carried out. */
export type CallToCarryOut =
  /** A tool call. Without `server` the name that the token gives is taken; the digest covers it all the same. */
  | { readonly server?: string; readonly tool: string; readonly arguments: JsonObject }
  /** An action of any system, with everything that the approval was requested with. */
  | {
      readonly action: string;
      readonly resource: string;
      readonly actor: string;
      readonly risk?: string;
      readonly metadata?: JsonObject;
      readonly arguments?: JsonObject;
    }
  /** SHA-256 of the frozen call as hex, with or without `sha256:`, for those who have computed it. */
  | { readonly digest: string };

/** SHA-256 of the canonical text (RFC 8785) of the call, hex; the same bytes that the approver's statement commits to. */
export async function callDigest(call: CallToCarryOut, serverOfToken: string): Promise<string> {
  if ('digest' in call) return call.digest.replace(/^sha256:/, '');
  const text =
    'tool' in call
      ? canonicalize({ arguments: call.arguments, server: call.server ?? serverOfToken, tool: call.tool })
      : canonicalize({
          action: call.action,
          actor: call.actor,
          arguments: call.arguments ?? {},
          metadata: call.metadata ?? {},
          resource: call.resource,
          risk: call.risk ?? '',
        });
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
