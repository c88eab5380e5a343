import { z } from 'zod';
import { LIMITS } from '../../core/limits.ts';
import { type ControlTool, controlTool, jobId, page } from './tool.ts';

/** Watching work that goes on. */
export const JOB_TOOLS: readonly ControlTool[] = [
  controlTool({
    name: 'job_list',
    title: 'List jobs',
    description:
      'Lists work that goes on or has ended, the newest first: approved calls, calls that outlasted their agent, tasks ' +
      'and long work of servers. Needs the role reader or requester.',
    effect: 'reads',
    input: {
      ...page,
      state: z
        .enum(['waiting', 'working', 'input_required', 'completed', 'failed', 'cancelled', 'unknown'])
        .optional(),
      source: z.enum(['call', 'approval', 'task', 'poll']).optional(),
      session: z.string().optional().describe('Only what this session began, ses_…'),
      subject: z.string().optional().describe('Only what is on behalf of this end user'),
      server: z.string().optional(),
      tool: z.string().optional().describe('Only work of this tool'),
      since: z.string().optional().describe('Created then or later, RFC 3339'),
    },
    call: (query) => ({ get: '/v1/jobs', query }),
  }),
  controlTool({
    name: 'job_get',
    title: 'Look up a job',
    description:
      'One job: how it stands, how far it is and, once it has ended, its result. Needs the role reader or requester.',
    effect: 'reads',
    input: { job_id: jobId },
    call: ({ job_id }) => ({ get: `/v1/jobs/${job_id}`, query: {} }),
  }),
  controlTool({
    name: 'job_wait',
    title: 'Wait for a job',
    description:
      'Waits until the work has ended; at most 25 seconds. While state is still waiting, working or input_required, call ' +
      'it again. Needs the role reader or requester.',
    effect: 'reads',
    input: {
      job_id: jobId,
      timeout_ms: z
        .int()
        .min(0)
        .max(LIMITS.approvalWaitMaxMs)
        .optional()
        .describe('How long to wait, in milliseconds; 25 seconds unless told'),
    },
    call: ({ job_id, ...query }) => ({ get: `/v1/jobs/${job_id}/wait`, query }),
  }),
];
