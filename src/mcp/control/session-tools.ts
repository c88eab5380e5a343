import { z } from 'zod';
import { type ControlTool, controlTool, page, sessionId } from './tool.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const SESSION_TYPE = 'urn:countersign:params:oauth:token-type:session';

const ttlMs = z.int().min(1_000);
const callCap = z.int().min(1).describe('How many tool calls it may make in all');

/** Minting, narrowing, listing and revoking sessions. */
export const SESSION_TOOLS: readonly ControlTool[] = [
  controlTool({
    name: 'session_mint',
    title: 'Mint a session',
    description:
      'Makes a session: a short-lived credential with which one agent run connects to the tools behind this gateway. ' +
      'mcp in the result has the url and headers for its MCP client; they are shown only here. Needs the role minter.',
    effect: 'adds',
    input: {
      subject: z.string().optional().describe('The end user on whose behalf the agent acts'),
      ttl_ms: ttlMs.optional().describe('How long it lives, in milliseconds; 1 hour unless told'),
      labels: z
        .record(z.string(), z.string())
        .optional()
        .describe('Names and values that policy may look at'),
      tools: z
        .array(z.string())
        .optional()
        .describe('Patterns of what it may call, such as "payments/*"; everything unless told'),
      call_cap: callCap.optional(),
    },
    call: (json) => ({ post: '/v1/sessions', json }),
  }),
  controlTool({
    name: 'session_narrow',
    title: 'Narrow a session',
    description:
      'Makes a child of a session, by that session’s own token: it may do less, never more, and ends with its parent. ' +
      'mcp in the result has the url and headers for its MCP client; they are shown only here.',
    effect: 'adds',
    input: {
      session_token: z.string().min(1).describe('The token of the parent, cst_…'),
      tools: z
        .array(z.string().regex(/^\S+$/, 'expected a pattern without spaces'))
        .min(1)
        .optional()
        .describe('Patterns within those of the parent; the same as the parent’s unless told'),
      ttl_ms: ttlMs
        .optional()
        .describe('In milliseconds, whole seconds count; until the parent ends unless told'),
      call_cap: callCap.optional(),
    },
    call: ({ session_token, tools, ttl_ms, call_cap }) => ({
      post: '/oauth/token',
      form: {
        grant_type: TOKEN_EXCHANGE,
        subject_token_type: SESSION_TYPE,
        subject_token: session_token,
        scope: tools?.join(' '),
        expires_in: ttl_ms === undefined ? undefined : Math.floor(ttl_ms / 1_000),
        call_cap,
      },
    }),
  }),
  controlTool({
    name: 'session_list',
    title: 'List sessions',
    description: 'Lists sessions, the newest first, without their tokens. Needs the role reader.',
    effect: 'reads',
    input: {
      ...page,
      subject: z.string().optional().describe('Only those of this end user'),
      state: z.enum(['active', 'expired', 'revoked']).optional(),
      tree: sessionId.optional().describe('Only this session and all that were narrowed from it'),
    },
    call: (query) => ({ get: '/v1/sessions', query }),
  }),
  controlTool({
    name: 'session_revoke',
    title: 'Revoke a session',
    description:
      'Ends a session at once, with all that were narrowed from it: open streams close, and calls of theirs that wait ' +
      'for a person are never sent. This cannot be undone. Needs the role minter.',
    effect: 'ends',
    input: { session_id: sessionId, reason: z.string().optional().describe('For the ledger') },
    call: ({ session_id, ...json }) => ({ post: `/v1/sessions/${session_id}/revoke`, json }),
  }),
];
