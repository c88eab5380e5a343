import { z } from '@hono/zod-openapi';
import type { EntryFilter } from '../ledger/filter.ts';
import { VERDICTS } from '../ledger/verdict.ts';
import { readMoment } from './read-query.ts';

/** The query parameters that choose entries of the ledger. */
export const logFilterQuery = {
  action: z.string().max(300).optional(),
  tool: z.string().max(300).optional(),
  type: z.string().max(100).optional(),
  verdict: z.enum(VERDICTS).optional(),
  agent: z.string().min(1).max(400).optional(),
  subject: z.string().max(200).optional(),
  session: z.string().max(100).optional(),
  approval: z.string().max(100).optional(),
  principal: z.string().max(200).optional(),
  call: z.string().max(100).optional(),
  text: z.string().max(200).optional(),
  since: z.string().max(40).optional(),
  until: z.string().max(40).optional(),
};

type LogFilterQuery = {
  [Name in keyof typeof logFilterQuery]?: z.infer<(typeof logFilterQuery)[Name]> | undefined;
};

/** Throws `invalid_request` for a time that cannot be read. */
export function logFilterOf(query: LogFilterQuery, now: number): EntryFilter {
  const { since, until, ...rest } = query;
  const filter = {
    ...rest,
    since: readMoment('since', since, now),
    until: readMoment('until', until, now),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as EntryFilter;
}
