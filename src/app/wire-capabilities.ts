import { join } from 'node:path';
import type { Approval } from '../approvals/approval.ts';
import { approvalEntry } from '../approvals/approval-entry.ts';
import { getApproval } from '../approvals/list.ts';
import { type TakeUpDeps, takeUpAction } from '../approvals/take-up.ts';
import { stepApproval } from '../approvals/transitions/store.ts';
import type { CapabilityDeps } from '../capabilities/deps.ts';
import type { ExchangeDeps } from '../capabilities/exchange.ts';
import { type CapabilityKeys, openCapabilityKeys } from '../capabilities/keys/open-keys.ts';
import type { RevokeDeps } from '../capabilities/revoke.ts';
import { type ServerConfig, serverAudience } from '../downstream/server-config.ts';
import { reverifyApproval } from '../evidence/reverify.ts';
import type { State } from './open-state.ts';

/** Opens the keys of capability tokens, beside the other keys of the data directory. */
export function openKeys(state: State): Promise<CapabilityKeys> {
  const { config, database, ledger, now } = state;
  return openCapabilityKeys({ file: join(config.dataDir, 'capability.keys'), database, ledger, now });
}

/** What capabilities stand on; `seal` is the gate's own way to put a text beside the ledger. */
export function wireCapabilities(
  state: State,
  input: { keys: CapabilityKeys; seal: CapabilityDeps['seal'] },
): CapabilityDeps {
  const { database, ledger, now, newId, workspace, publicOrigin, signer } = state;
  return {
    database,
    ledger,
    now,
    newId,
    workspace,
    issuer: publicOrigin,
    log: signer.name,
    keys: input.keys,
    seal: input.seal,
    reverify: (approvalId) => {
      const standing = { head: ledger.head(), now: now() };
      return reverifyApproval(database, { log: signer.name, approvalId, standing });
    },
  };
}

/** How capability tokens name those servers that are to receive them. */
export function forwardedAudiences(servers: readonly ServerConfig[]): (server: string) => string | undefined {
  const audiences = new Map(
    servers.filter((one) => one.forwardCapability).map((one) => [one.name, serverAudience(one)]),
  );
  return (server) => audiences.get(server);
}

/** What the endpoints of capabilities work with. */
export function capabilityEndpoints(
  capabilities: CapabilityDeps,
  takeUp: TakeUpDeps,
): ExchangeDeps & RevokeDeps {
  return {
    ...capabilities,
    takeUp: (claim) => takeUpAction(takeUp, claim),
    async voidApproval({ approvalId, reason, at }) {
      const approval: Approval = await getApproval(capabilities, approvalId);
      return {
        then: [stepApproval({ id: approvalId, from: 'approved', to: 'void', reason, at })],
        entries: [approvalEntry(approval, { type: 'approval.void', body: { reason } })],
      };
    },
    onChanged: takeUp.onChanged,
  };
}
