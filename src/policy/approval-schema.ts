import * as z from 'zod';
import { BLOCK, duration, flag, group, listOf, oneOf, textOf, whole } from './yaml-value.ts';

const ESCALATE = 'expected { after: 10m, groups: [cto] }, or a list of them';

/** One entry of `escalate:`. */
export const escalationSchema = z.strictObject(
  { after: duration(), groups: listOf(group(), 'expected a list of at least one group name') },
  { error: ESCALATE },
);

/** What `authenticator:` may ask for. */
export const authenticatorSchema = z.strictObject(
  {
    backup_eligible: z
      .literal(false, { error: 'expected false; to accept every passkey, leave this out' })
      .optional()
      .meta({ description: 'false: only passkeys that are bound to one device.' }),
    attestation: listOf(
      oneOf('packed', 'tpm', 'android-key', 'android-safetynet', 'fido-u2f', 'apple'),
      'expected a list of attestation formats such as [packed, tpm]',
    )
      .optional()
      .meta({ description: 'The passkey was enrolled with an attestation of one of these formats.' }),
    aaguids: listOf(
      textOf(
        /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
        'expected an AAGUID such as cb69481e-8ff7-4039-93ec-0a2729a154a8',
      ),
      'expected a list of AAGUIDs',
    )
      .optional()
      .meta({ description: 'The models of authenticators that may decide.' }),
  },
  { error: BLOCK },
);

/** The `approval:` block of a rule or of the defaults. */
export const approvalSchema = z
  .strictObject(
    {
      groups: z
        .array(group(), { error: 'expected a list of group names; an empty list means any enrolled person' })
        .optional()
        .meta({ description: 'Who may decide; empty means any enrolled person.' }),
      quorum: whole(1, 20)
        .optional()
        .meta({ description: 'How many different approvers must approve. Default 1.' }),
      passkey: flag().optional().meta({
        description: 'Persons always decide with a passkey; only automation may set this to false.',
      }),
      expires: duration()
        .optional()
        .meta({ description: 'How long the frozen call waits. Default 30m, at most 7d.' }),
      exclude_requester: flag().optional().meta({
        description: 'Who asked, or made the key or service account that did, may not decide. Default true.',
      }),
      approver: oneOf('person', 'automation')
        .optional()
        .meta({ description: 'automation lets a service account with a registered key decide.' }),
      escalate: z
        .union([escalationSchema, listOf(escalationSchema, ESCALATE)], { error: ESCALATE })
        .optional()
        .meta({ description: 'Groups that may decide too once the request has waited that long.' }),
      authenticator: authenticatorSchema
        .optional()
        .meta({ description: 'What the passkey of an approver must be.' }),
      capability: z
        .strictObject(
          {
            uses: z.literal(1, { error: 'expected 1' }).optional(),
            ttl: duration().optional(),
            dpop: flag()
              .optional()
              .meta({ description: 'It is exchanged only with proof of a key (RFC 9449). Default false.' }),
          },
          { error: BLOCK },
        )
        .optional()
        .meta({ description: 'The single-use right that an approved action releases. Default ttl 5m.' }),
    },
    { error: BLOCK },
  )
  .meta({ id: 'approval' });

export type ApprovalShape = z.infer<typeof approvalSchema>;
export type EscalationShape = z.infer<typeof escalationSchema>;
