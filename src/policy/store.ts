import type { Statement } from '../storage/database.ts';

/** Keeps the exact text of a policy set under its hash, so that an old verdict can be explained. Idempotent. */
export function insertPolicyVersion(version: {
  hash: string;
  workspace: string;
  files: Readonly<Record<string, string>>;
  loadedAt: number;
}): Statement {
  return {
    sql: 'INSERT INTO policy_version (hash, workspace, files, loaded_at) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING',
    params: [version.hash, version.workspace, JSON.stringify(version.files), version.loadedAt],
  };
}
