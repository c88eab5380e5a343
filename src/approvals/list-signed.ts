import type { Reader } from '../storage/database.ts';
import type { Decision } from './approval.ts';
import { decisionFromRow } from './store.ts';
import { selectSignedDecisions } from './transitions/store.ts';

/** A decision with the proof that its approver gave, as JSON text. */
export interface SignedDecision extends Decision {
  readonly proof: string;
}

/** The decisions made so far with their proofs, oldest first. */
export async function listSignedDecisions(database: Reader, approvalId: string): Promise<SignedDecision[]> {
  const rows = await database.query(selectSignedDecisions(approvalId));
  return rows.map((row) => ({ ...decisionFromRow(row), proof: String(row.proof) }));
}
