import type { CallOptions, Http } from './http.ts';

interface Entity {
  /** Such as `user` or `service`. */
  readonly type: string;
  readonly id: string;
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
}

/** An access evaluation request (AuthZEN Authorization API 1.0, §6.1). */
export interface AccessQuestion {
  readonly subject: Entity;
  readonly action: {
    readonly name: string;
    readonly properties?: Readonly<Record<string, unknown>> | undefined;
  };
  readonly resource: Entity;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
}

/** `decision` is true only where policy allows it; `context` says why not, in AuthZEN's own names. */
export interface AccessAnswer {
  readonly decision: boolean;
  readonly context?: Readonly<Record<string, unknown>>;
}

export interface AccessResource {
  /** Whether somebody may do something, by the policy in force. It asks nobody and starts nothing. */
  evaluate(question: AccessQuestion, options?: CallOptions): Promise<AccessAnswer>;
}

export function createAccess(http: Http): AccessResource {
  return {
    async evaluate(question, options) {
      const call = { method: 'POST', path: '/access/v1/evaluation', body: question, options } as const;
      return (await http.json<AccessAnswer>(call)).body;
    },
  };
}
