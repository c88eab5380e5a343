CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE session (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  labels TEXT NOT NULL,
  scope TEXT NOT NULL,
  call_cap BIGINT,
  calls BIGINT NOT NULL DEFAULT 0,
  minted_by TEXT NOT NULL,
  parent_id TEXT,
  ancestors TEXT NOT NULL DEFAULT '[]',
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  revoke_reason TEXT
);
CREATE INDEX session_by_time ON session (workspace, created_at, id);
CREATE INDEX session_by_parent ON session (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE approval (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  kind TEXT NOT NULL,
  requester TEXT NOT NULL,
  session_id TEXT,
  subject TEXT NOT NULL,
  state TEXT NOT NULL,
  rev BIGINT NOT NULL DEFAULT 1,
  server TEXT NOT NULL,
  tool TEXT NOT NULL,
  exposed TEXT NOT NULL,
  risk TEXT NOT NULL,
  dedupe_key TEXT NOT NULL,
  call_text TEXT NOT NULL,
  call_digest TEXT NOT NULL,
  call_salt TEXT NOT NULL,
  call_commit TEXT NOT NULL,
  view_text TEXT NOT NULL,
  view_salt TEXT NOT NULL,
  view_commit TEXT NOT NULL,
  tool_hash TEXT NOT NULL,
  policy_version TEXT NOT NULL,
  verdict TEXT NOT NULL,
  instance TEXT NOT NULL,
  requested_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  decided_at BIGINT,
  decided_by TEXT,
  decision_reason TEXT,
  attempt BIGINT NOT NULL DEFAULT 0,
  lease_owner TEXT,
  lease_until BIGINT,
  result_kind TEXT,
  result_text TEXT,
  result_salt TEXT,
  outcome_at BIGINT,
  state_reason TEXT,
  escalate_at BIGINT,
  escalated_at BIGINT,
  erase_at BIGINT,
  redacted_at BIGINT
);
CREATE UNIQUE INDEX approval_dedupe ON approval (requester, dedupe_key)
  WHERE state IN ('pending', 'approved', 'executing', 'succeeded', 'failed', 'unknown', 'denied');
CREATE INDEX approval_by_state ON approval (workspace, state, requested_at, id);
CREATE INDEX approval_pending_tool ON approval (workspace, tool, requested_at, id) WHERE state = 'pending';
CREATE INDEX approval_pending_subject ON approval (workspace, subject, requested_at, id) WHERE state = 'pending';
CREATE INDEX approval_pending_risk ON approval (workspace, risk, requested_at, id) WHERE state = 'pending';
CREATE INDEX approval_pending_session ON approval (workspace, session_id, requested_at, id) WHERE state = 'pending';
CREATE INDEX approval_pending_escalation ON approval (escalate_at) WHERE state = 'pending' AND escalate_at IS NOT NULL;
CREATE INDEX approval_pending_expiry ON approval (expires_at) WHERE state IN ('pending', 'approved');
CREATE INDEX approval_executing ON approval (lease_until) WHERE state = 'executing';
CREATE INDEX approval_approved ON approval (decided_at) WHERE state = 'approved';
CREATE INDEX approval_by_time ON approval (workspace, requested_at, id);
CREATE INDEX approval_by_session ON approval (session_id, requested_at, id) WHERE session_id IS NOT NULL;
CREATE INDEX approval_pending_requester ON approval (requester) WHERE state = 'pending';
CREATE INDEX approval_by_subject ON approval (subject, requested_at, id);
CREATE INDEX approval_erasable ON approval (erase_at) WHERE erase_at IS NOT NULL AND redacted_at IS NULL;

CREATE TABLE statement (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  approval_id TEXT NOT NULL,
  approver TEXT NOT NULL,
  decision TEXT NOT NULL,
  reason TEXT,
  text TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);

CREATE TABLE decision (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  approval_id TEXT NOT NULL,
  approver TEXT NOT NULL,
  decision TEXT NOT NULL,
  reason TEXT,
  statement TEXT NOT NULL,
  proof TEXT NOT NULL,
  break_glass BIGINT NOT NULL DEFAULT 0,
  decided_at BIGINT NOT NULL,
  UNIQUE (approval_id, approver)
);

CREATE TABLE act_statement (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  act TEXT NOT NULL,
  person_id TEXT NOT NULL,
  text TEXT NOT NULL,
  kept TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);

CREATE TABLE capability (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  approval_id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  holder TEXT NOT NULL,
  aud TEXT NOT NULL,
  digest TEXT NOT NULL,
  dpop BIGINT NOT NULL,
  basis TEXT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  exchanged_at BIGINT,
  revoked_at BIGINT,
  revoke_reason TEXT,
  jti TEXT UNIQUE,
  kid TEXT,
  jkt TEXT,
  token_expires_at BIGINT
);
CREATE INDEX capability_by_time ON capability (workspace, issued_at, id);

CREATE TABLE access_token (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  service_account_id TEXT NOT NULL,
  jkt TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);

CREATE TABLE seen_proof (
  id TEXT PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX seen_proof_expiry ON seen_proof (expires_at);

CREATE TABLE person (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  groups TEXT NOT NULL,
  subject TEXT,
  created_at BIGINT NOT NULL,
  removed_at BIGINT
);

CREATE TABLE passkey (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  person_id TEXT NOT NULL,
  credential_id TEXT NOT NULL UNIQUE,
  public_key TEXT NOT NULL,
  counter BIGINT NOT NULL,
  transports TEXT NOT NULL,
  aaguid TEXT NOT NULL,
  device_type TEXT NOT NULL,
  backed_up BIGINT NOT NULL,
  attestation TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT,
  suspect_at BIGINT,
  removed_at BIGINT
);
CREATE INDEX passkey_by_person ON passkey (person_id);

CREATE TABLE web_session (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  person_id TEXT NOT NULL,
  passkey_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);

CREATE TABLE invite (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  groups TEXT NOT NULL,
  subject TEXT,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  revoked_at BIGINT
);

CREATE TABLE webauthn_challenge (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  purpose TEXT NOT NULL,
  challenge TEXT NOT NULL,
  bound_to TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);

CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  name TEXT NOT NULL,
  roles TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX api_key_by_time ON api_key (workspace, created_at, id);

CREATE TABLE service_account (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  groups TEXT NOT NULL,
  public_key TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  removed_at BIGINT
);

CREATE TABLE idempotent_request (
  workspace TEXT NOT NULL,
  principal TEXT NOT NULL,
  key TEXT NOT NULL,
  digest TEXT NOT NULL,
  answer TEXT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, principal, key)
);
CREATE INDEX idempotent_request_by_time ON idempotent_request (created_at);

CREATE TABLE downstream_credential (
  workspace TEXT NOT NULL,
  server TEXT NOT NULL,
  sealed TEXT NOT NULL,
  rev BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, server)
);

CREATE TABLE tool_pin (
  workspace TEXT NOT NULL,
  server TEXT NOT NULL,
  tool TEXT NOT NULL,
  hash TEXT,
  definition TEXT,
  pinned_at BIGINT NOT NULL,
  pinned_by TEXT NOT NULL,
  candidate_hash TEXT,
  candidate_definition TEXT,
  candidate_seen_at BIGINT,
  PRIMARY KEY (workspace, server, tool)
);

CREATE TABLE tool_refusal (
  workspace TEXT NOT NULL,
  server TEXT NOT NULL,
  tool TEXT NOT NULL,
  hash TEXT NOT NULL,
  refused_at BIGINT NOT NULL,
  refused_by TEXT NOT NULL,
  reason TEXT,
  PRIMARY KEY (workspace, server, tool, hash)
);
