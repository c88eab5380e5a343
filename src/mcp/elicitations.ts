import { type Approval, isSettled, stateAt } from '../approvals/approval.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ApprovalPage, OpenedPage } from './request.ts';

/** The pages that one client was asked to open over its connection (2025-11-25, URL mode elicitation). */
export interface Elicitations {
  /**
   * Asks by `elicitation/create`, through `send`. Undefined when this client has been asked about the approval before:
   * a repeated call asks nobody again.
   */
  ask(page: ApprovalPage, send: (json: string) => void): OpenedPage | undefined;
  /** Takes a message of the client's that answers one of ours; others are none of it. */
  answered(message: JsonObject): void;
  close(): void;
}

export interface ElicitationDeps {
  readonly getApproval: (id: string) => Promise<Approval | undefined>;
  /** Calls `listener` on each change of this approval until the returned function is called. */
  readonly onApprovalChange: (approvalId: string, listener: () => void) => () => void;
  readonly now: () => number;
  readonly log: { error(fields: object, message: string): void };
}

interface Asked {
  readonly declined: AbortController;
  readonly stopListening: () => void;
  readonly send: (json: string) => void;
}

const REQUEST_ID = 'open-page:';

export function createElicitations(deps: ElicitationDeps): Elicitations {
  const asked = new Map<string, Asked>();

  /** Sends the completion notice, once, when the approval is settled. */
  function complete(approvalId: string): void {
    const found = asked.get(approvalId);
    if (found === undefined) return;
    asked.delete(approvalId);
    found.stopListening();
    const params = { elicitationId: approvalId };
    found.send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/elicitation/complete', params }));
  }

  function look(approvalId: string): void {
    deps
      .getApproval(approvalId)
      .then((found) => {
        if (found === undefined || isSettled(stateAt(found, deps.now()))) complete(approvalId);
      })
      .catch((err: unknown) => deps.log.error({ err }, 'the end of an elicitation could not be announced'));
  }

  return {
    ask({ approvalId, message, url }, send) {
      if (asked.has(approvalId)) return undefined;
      const declined = new AbortController();
      const stopListening = deps.onApprovalChange(approvalId, () => look(approvalId));
      asked.set(approvalId, { declined, stopListening, send });
      const params = { mode: 'url', elicitationId: approvalId, message, url };
      const id = `${REQUEST_ID}${approvalId}`;
      send(JSON.stringify({ jsonrpc: '2.0', id, method: 'elicitation/create', params }));
      return { declined: declined.signal, complete: () => complete(approvalId) };
    },

    answered({ id, result }) {
      if (typeof id !== 'string' || !id.startsWith(REQUEST_ID)) return;
      const isAccepted = isJsonObject(result) && result.action === 'accept';
      if (!isAccepted) asked.get(id.slice(REQUEST_ID.length))?.declined.abort();
    },

    close() {
      for (const { stopListening } of asked.values()) stopListening();
      asked.clear();
    },
  };
}
