import { z } from 'zod';
import type { ApiCall } from './api-call.ts';

/** A tool of the control endpoint: one operation of the REST API under a name. */
export interface ControlTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Refuses members that it does not know. */
  readonly input: z.ZodObject;
  readonly effect: 'reads' | 'adds' | 'ends';
  /** The operation for arguments that `input` accepted. */
  readonly call: (args: unknown) => ApiCall;
}

/** A tool whose `call` takes exactly what its `input` lets through. */
export function controlTool<Shape extends z.ZodRawShape>(given: {
  name: string;
  title: string;
  description: string;
  input: Shape;
  effect: ControlTool['effect'];
  call: (args: z.output<z.ZodObject<Shape>>) => ApiCall;
}): ControlTool {
  const { call, input: shape, ...rest } = given;
  const input = z.strictObject(shape);
  return { ...rest, input, call: (args) => call(args as z.output<z.ZodObject<Shape>>) };
}

/** Ids become part of a path: nothing but an id may stand there. */
export const sessionId = z
  .string()
  .regex(/^ses_[0-9A-Za-z]{1,64}$/, 'expected the id of a session, ses_…')
  .describe('The id of a session, ses_…');

export const approvalId = z
  .string()
  .regex(/^apr_[0-9A-Za-z]{1,64}$/, 'expected the id of an approval, apr_…')
  .describe('The id of an approval, apr_…');

export const jobId = z
  .string()
  .regex(/^job_[0-9A-Za-z]{1,64}$/, 'expected the id of a job, job_…')
  .describe('The id of a job, job_…');

/** Members of every tool that lists. */
export const page = {
  limit: z.int().min(1).optional().describe('How many at most; 50 unless told'),
  cursor: z.string().optional().describe('next_cursor of the page before, unchanged'),
};
