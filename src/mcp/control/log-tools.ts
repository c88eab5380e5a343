import { z } from 'zod';
import { type ControlTool, controlTool, page } from './tool.ts';

/** Reading the ledger. */
export const LOG_TOOLS: readonly ControlTool[] = [
  controlTool({
    name: 'log_query',
    title: 'Query the ledger',
    description:
      'Reads entries of the ledger: who did what, when, and on whose approval. Newest first unless told. Needs the role reader.',
    effect: 'reads',
    input: {
      ...page,
      order: z.enum(['asc', 'desc']).optional(),
      type: z.string().optional().describe('Such as "approval.decided"'),
      action: z.string().optional().describe('Such as "payments/refund"'),
      tool: z.string().optional().describe('On any server, such as "payments_refund"; may end in *'),
      verdict: z.enum(['allow', 'hold', 'deny']).optional().describe('What policy found'),
      agent: z.string().optional().describe('A session, or a label of it such as "team=support"'),
      text: z.string().optional().describe('Words in names, rules and reasons; arguments are not searched'),
      subject: z.string().optional().describe('The end user'),
      session: z.string().optional().describe('ses_…'),
      approval: z.string().optional().describe('apr_…'),
      principal: z.string().optional().describe('Such as "person:per_…"'),
      call: z.string().optional().describe('The id of one tool call'),
      since: z
        .string()
        .optional()
        .describe('RFC 3339, such as 2026-01-31T09:00:00Z, or so long ago, such as "24h"'),
      until: z.string().optional().describe('The same'),
    },
    call: (query) => ({ get: '/v1/logs', query }),
  }),
];
