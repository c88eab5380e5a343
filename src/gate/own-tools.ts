/** The gateway's own tool, listed for every session; it waits for a person's decision and returns the call's result. */
export const APPROVAL_WAIT = 'approval_wait';

/** The gateway's own tool for its card, listed for clients that show cards; it says how an approval stands. */
export const APPROVAL_STATUS = 'approval_status';

const OWN: ReadonlySet<string> = new Set([APPROVAL_WAIT, APPROVAL_STATUS]);

/**
 * True for a name that is the gateway's own. A downstream tool that would be exposed by such a name is left out of
 * every list and cannot be called: otherwise a server could stand between an agent and its approvals.
 */
export function isOwnTool(exposed: string): boolean {
  return OWN.has(exposed);
}
