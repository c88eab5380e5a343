/** What every client is told about held calls when it connects. */
export const INSTRUCTIONS =
  'Some tools here need a person’s approval. Such a call returns at once with status "pending_approval" and has not run: ' +
  'tell the user to open approve_url, then call approval_wait with the approval_id to get the real result.';

/** What the gateway offers, in the form both eras announce it. */
export const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { listChanged: true },
  prompts: { listChanged: true },
  completions: {},
};
