import { z } from 'zod';
import { LIMITS } from '../../core/limits.ts';
import { approvalId, type ControlTool, controlTool, page } from './tool.ts';

/** Requesting, reading and awaiting approvals. To approve or to deny takes a person's passkey, for which there is no tool. */
export const APPROVAL_TOOLS: readonly ControlTool[] = [
  controlTool({
    name: 'approval_request',
    title: 'Request an approval',
    description:
      'Asks whether an action may be carried out. Policy may allow it at once, deny it, or leave it to a person, who ' +
      'decides at url. Carry the action out only when state says approved. Needs the role requester, or a service account.',
    effect: 'adds',
    input: {
      action: z.string().describe('What is to be done, such as "deployment.execute"'),
      resource: z.string().describe('To what, such as "service:billing-api"'),
      actor: z.string().optional().describe('Who will do it; whoever asks unless told'),
      risk: z.enum(['low', 'medium', 'high', 'critical']).optional(),
      metadata: z.record(z.string(), z.unknown()).optional().describe('What the approver should know'),
      arguments: z.record(z.string(), z.unknown()).optional().describe('The exact arguments of the action'),
      idempotency_key: z
        .string()
        .optional()
        .describe('The same key gets the same approval, so that asking again is safe'),
    },
    call: (json) => ({ post: '/v1/approvals', json }),
  }),
  controlTool({
    name: 'approval_wait',
    title: 'Wait for an approval',
    description:
      'Waits until a person has decided and, of a held tool call, until its result is there; at most 25 seconds. ' +
      'While state is still pending, call it again. Needs the role reader or requester, or a service account.',
    effect: 'reads',
    input: {
      approval_id: approvalId,
      timeout_ms: z
        .int()
        .min(0)
        .max(LIMITS.approvalWaitMaxMs)
        .optional()
        .describe('How long to wait, in milliseconds; 25 seconds unless told'),
    },
    call: ({ approval_id, ...query }) => ({ get: `/v1/approvals/${approval_id}/wait`, query }),
  }),
  controlTool({
    name: 'approval_get',
    title: 'Look up an approval',
    description:
      'One approval in full: what would be done, how it stands, who decided. Needs the role reader or requester, or a ' +
      'service account, which sees its own.',
    effect: 'reads',
    input: { approval_id: approvalId },
    call: ({ approval_id }) => ({ get: `/v1/approvals/${approval_id}`, query: {} }),
  }),
  controlTool({
    name: 'approval_list',
    title: 'List approvals',
    description:
      'Lists approvals, the newest first. Needs the role reader or requester, or a service account, which sees its own.',
    effect: 'reads',
    input: {
      ...page,
      state: z.string().optional().describe('Such as "pending"'),
      session: z.string().optional().describe('Only what this session called, ses_…'),
      requester: z
        .string()
        .optional()
        .describe('Only what this principal asked for, such as "api_key:key_…"'),
      subject: z.string().optional().describe('Only what is on behalf of this end user'),
      tool: z.string().optional().describe('Only calls of this tool or action'),
    },
    call: (query) => ({ get: '/v1/approvals', query }),
  }),
];
