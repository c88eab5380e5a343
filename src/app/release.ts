import { type Approval, termsOf } from '../approvals/approval.ts';
import type { Alongside } from '../approvals/decide.ts';
import type { CapabilityBasis } from '../capabilities/capability.ts';
import { issueCapability } from '../capabilities/issue.ts';
import type { NewId } from '../core/ids.ts';

/** The single-use right that an approval on this basis releases, on the terms of its rule. */
export function releaseOn(
  basis: CapabilityBasis,
  newId: NewId,
): (approval: Approval, at: number) => Alongside {
  return (approval, at) => {
    const { dpop } = termsOf(approval).capability;
    return issueCapability({ newId }, { approval, basis, dpop, at });
  };
}
