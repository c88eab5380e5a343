import type { ApprovalState } from './approval.ts';
import type { CallOptions, Http } from './http.ts';
import type { Statement } from './statement.ts';
import type { Decision } from './terms.ts';

/** A statement for each of some approvals, and the one text over them. */
export interface Batch extends Omit<Statement, 'statementId' | 'statement'> {
  /** RFC 8785 text; it lists the challenges of the statements in hex. What is signed is its challenge. */
  readonly batch: string;
  readonly statements: readonly {
    readonly approval: string;
    readonly statementId: string;
    readonly statement: string;
  }[];
}

/** How one of them came out: where it stands now, or why it was not decided. */
export interface BatchOutcome {
  readonly approval: string;
  readonly state: ApprovalState | null;
  readonly problem: { readonly code: string; readonly detail: string } | null;
}

/** Deciding many approvals of one tool and one rule, none of them critical, by one signature of a person. */
export interface BatchesResource {
  statement(
    input: {
      readonly approvals: readonly string[];
      readonly decision: Decision;
      readonly reason?: string | undefined;
    },
    options?: CallOptions,
  ): Promise<Batch>;
  /** One that can no longer be decided does not keep back the others. */
  decide(
    input: {
      readonly batch: string;
      readonly statements: readonly { readonly approval: string; readonly statementId: string }[];
      readonly assertion: unknown;
    },
    options?: CallOptions,
  ): Promise<readonly BatchOutcome[]>;
}

interface BatchWire {
  readonly batch: string;
  readonly challenge: string;
  readonly expires_at: string;
  readonly rp_id: string;
  readonly allow_credentials: Batch['allowCredentials'];
  readonly statements: readonly { approval: string; statement_id: string; statement: string }[];
}

export function createBatches(http: Http): BatchesResource {
  const post = async <W>(path: string, body: unknown, options?: CallOptions): Promise<W> =>
    (await http.json<W>({ method: 'POST', path, body, options })).body;
  return {
    async statement(input, options) {
      const wire = await post<BatchWire>('/v1/approval-batches/statement', input, options);
      return {
        batch: wire.batch,
        challenge: wire.challenge,
        expiresAt: wire.expires_at,
        rpId: wire.rp_id,
        allowCredentials: wire.allow_credentials,
        statements: wire.statements.map(({ statement_id: statementId, ...one }) => ({ ...one, statementId })),
      };
    },
    async decide({ statements, ...signed }, options) {
      const named = statements.map(({ approval, statementId }) => ({ approval, statement_id: statementId }));
      const body = { ...signed, statements: named };
      const path = '/v1/approval-batches/decide';
      return (await post<{ outcomes: readonly BatchOutcome[] }>(path, body, options)).outcomes;
    },
  };
}
