import { apiError } from './api-error.ts';
import type { ApprovalsResource } from './approvals.ts';
import type { CallOptions } from './http.ts';
import type { JobsResource } from './jobs.ts';
import type { LogsResource } from './logs.ts';
import type { SessionsResource } from './sessions.ts';

function notFound(id: string): never {
  throw apiError({ code: 'not_found', status: 404, message: `${id} was not found for this user.` });
}

/** The same resource, in which only this user's approvals exist; any other id is `not_found`. */
export function userApprovals(all: ApprovalsResource, subject: string): ApprovalsResource {
  async function own(id: string, options?: CallOptions): Promise<void> {
    if ((await all.get(id, options)).subject !== subject) notFound(id);
  }

  /** The same method, for those of this user alone. */
  function owned<Input, Answer>(
    method: (id: string, input: Input, options?: CallOptions) => Promise<Answer>,
  ) {
    return async (id: string, input: Input, options?: CallOptions): Promise<Answer> => {
      await own(id, options);
      return await method(id, input, options);
    };
  }

  return {
    async request(input, options) {
      if (input.actor === undefined || input.actor === subject)
        return await all.request({ ...input, actor: subject }, options);
      const message = `actor: expected ${subject}, or nothing; another user's request is not this user's.`;
      throw apiError({ code: 'invalid_request', message, fields: [{ field: 'actor', expected: subject }] });
    },
    reportOutcome: owned(all.reportOutcome),
    list: (filter, options) => all.list({ ...filter, subject }, options),
    async get(id, options) {
      const approval = await all.get(id, options);
      return approval.subject === subject ? approval : notFound(id);
    },
    async previous(id, options) {
      await own(id, options);
      return await all.previous(id, options);
    },
    async trace(id, options) {
      await own(id, options);
      return await all.trace(id, options);
    },
    async reveal(id, options) {
      await own(id, options);
      return await all.reveal(id, options);
    },
    async revealResult(id, options) {
      await own(id, options);
      return await all.revealResult(id, options);
    },
    async wait(id, options) {
      await own(id, { signal: options?.signal });
      return await all.wait(id, options);
    },
    approve: owned(all.approve),
    deny: owned(all.deny),
    statement: owned(all.statement),
    decide: owned(all.decide),
    resolve: owned(all.resolve),
    cancel: owned(all.cancel),
  };
}

/** The same resource, in which only this user's sessions exist; any other id is `not_found`. */
export function userSessions(
  all: SessionsResource,
  subject: string,
): Omit<SessionsResource, 'mint' | 'narrow'> {
  const get: SessionsResource['get'] = async (id, options) => {
    const session = await all.get(id, options);
    return session.subject === subject ? session : notFound(id);
  };
  return {
    list: (filter, options) => all.list({ ...filter, subject }, options),
    get,
    async revoke(id, input, options) {
      await get(id, { signal: options?.signal });
      return await all.revoke(id, input, options);
    },
  };
}

/** The same resource, in which only this user's jobs exist; any other id is `not_found`. */
export function userJobs(all: JobsResource, subject: string): JobsResource {
  const get: JobsResource['get'] = async (id, options) => {
    const job = await all.get(id, options);
    return job.subject === subject ? job : notFound(id);
  };
  return {
    get,
    list: (filter, options) => all.list({ ...filter, subject }, options),
    async wait(id, options) {
      await get(id, { signal: options?.signal });
      return await all.wait(id, options);
    },
    async cancel(id, options) {
      await get(id, { signal: options?.signal });
      return await all.cancel(id, options);
    },
    events: (scope, options) => all.events({ ...scope, subject }, options),
  };
}

/** The same resource, in which only entries about this user are found. */
export function userLogs(all: LogsResource, subject: string): Omit<LogsResource, 'redact'> {
  return {
    query: (query, options) => all.query({ ...query, subject }, options),
    stream: (filter, options) => all.stream({ ...filter, subject }, options),
    facets: (filter, options) => all.facets({ ...filter, subject }, options),
    export: (query, options) => all.export({ ...query, subject }, options),
    timeline: (filter, options) => all.timeline({ ...filter, subject }, options),
    checkpoint: all.checkpoint,
    cosignedCheckpoint: all.cosignedCheckpoint,
    verify: all.verify,
  };
}
