import { type ApproverFacts, approverFacts } from './approver-groups.ts';
import type { PrincipalDeps } from './deps.ts';
import { livePasskeyByCredential } from './people/store.ts';
import type { PasskeyProof, ProvenByPasskey, ServiceAccountProof } from './prove.ts';

/** Whoever signed, as they are enrolled now. */
export interface ApproverNow extends ApproverFacts {
  /** The passkey that signed, with flag BE as it was then; absent for a service account. */
  readonly authenticator?: ProvenByPasskey['authenticator'];
}

/** Where the flags stand in authenticator data, and flag BE (WebAuthn Level 3 §6.1). */
const FLAGS_AT = 32;
const BACKUP_ELIGIBLE = 0x08;

/**
 * Whoever gave this proof, which was verified when it was stored: undefined when they, or the passkey that signed, are
 * no longer enrolled.
 */
export async function approverNow(
  deps: Pick<PrincipalDeps, 'database' | 'workspace'>,
  signed: { readonly approver: string; readonly proof: string },
): Promise<ApproverNow | undefined> {
  const facts = await approverFacts(deps, signed.approver);
  if (facts === undefined) return undefined;
  const proof = JSON.parse(signed.proof) as PasskeyProof | ServiceAccountProof;
  if (proof.kind === 'service_account')
    return signed.approver === `service_account:${proof.service_account}` ? facts : undefined;
  const passkey = await livePasskeyByCredential(deps.database, {
    credentialId: proof.credential_id,
    workspace: deps.workspace,
  });
  if (passkey === undefined || signed.approver !== `person:${passkey.personId}`) return undefined;
  const flags = Buffer.from(proof.authenticator_data, 'base64url')[FLAGS_AT] ?? BACKUP_ELIGIBLE;
  const { attestation, aaguid } = passkey;
  const backupEligible = (flags & BACKUP_ELIGIBLE) !== 0;
  return { ...facts, authenticator: { backupEligible, attestation, aaguid } };
}
