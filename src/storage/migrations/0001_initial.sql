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
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  revoke_reason TEXT
);
CREATE INDEX session_by_time ON session (workspace, created_at, id);

CREATE TABLE approval (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  session_id TEXT NOT NULL,
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
  outcome_at BIGINT,
  state_reason TEXT
);
CREATE UNIQUE INDEX approval_dedupe ON approval (session_id, dedupe_key)
  WHERE state IN ('pending', 'approved', 'executing', 'succeeded', 'failed', 'unknown', 'denied');
CREATE INDEX approval_by_state ON approval (workspace, state, requested_at, id);
CREATE INDEX approval_pending_tool ON approval (workspace, tool, requested_at, id) WHERE state = 'pending';
CREATE INDEX approval_pending_subject ON approval (workspace, subject, requested_at, id) WHERE state = 'pending';
CREATE INDEX approval_pending_session ON approval (workspace, session_id, requested_at, id) WHERE state = 'pending';
CREATE INDEX approval_pending_expiry ON approval (expires_at) WHERE state IN ('pending', 'approved');
CREATE INDEX approval_executing ON approval (lease_until) WHERE state = 'executing';
CREATE INDEX approval_approved ON approval (decided_at) WHERE state = 'approved';
CREATE INDEX approval_by_time ON approval (workspace, requested_at, id);
CREATE INDEX approval_by_session ON approval (session_id, requested_at, id);

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
  decided_at BIGINT NOT NULL,
  UNIQUE (approval_id, approver)
);

CREATE TABLE person (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  groups TEXT NOT NULL,
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
  created_at BIGINT NOT NULL,
  last_used_at BIGINT,
  removed_at BIGINT
);
CREATE INDEX passkey_by_person ON passkey (person_id);

CREATE TABLE web_session (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  person_id TEXT NOT NULL,
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

CREATE TABLE tool_pin (
  workspace TEXT NOT NULL,
  server TEXT NOT NULL,
  tool TEXT NOT NULL,
  hash TEXT NOT NULL,
  definition TEXT NOT NULL,
  pinned_at BIGINT NOT NULL,
  pinned_by TEXT NOT NULL,
  candidate_hash TEXT,
  candidate_definition TEXT,
  candidate_seen_at BIGINT,
  PRIMARY KEY (workspace, server, tool)
);

CREATE TABLE payload (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  commitment TEXT NOT NULL,
  salt TEXT NOT NULL,
  ciphertext TEXT NOT NULL,
  subject TEXT NOT NULL,
  created_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE ledger (
  seq BIGINT PRIMARY KEY,
  workspace TEXT NOT NULL,
  ts BIGINT NOT NULL,
  type TEXT NOT NULL,
  action TEXT,
  session TEXT,
  subject TEXT,
  principal TEXT,
  approval TEXT,
  call TEXT,
  entry TEXT NOT NULL,
  leaf TEXT NOT NULL
);
CREATE INDEX ledger_by_subject ON ledger (subject, seq) WHERE subject IS NOT NULL;
CREATE INDEX ledger_by_session ON ledger (session, seq) WHERE session IS NOT NULL;
CREATE INDEX ledger_by_approval ON ledger (approval, seq) WHERE approval IS NOT NULL;
CREATE INDEX ledger_by_principal ON ledger (principal, seq) WHERE principal IS NOT NULL;
CREATE INDEX ledger_by_action ON ledger (action, seq) WHERE action IS NOT NULL;
CREATE INDEX ledger_by_type ON ledger (type, seq);
CREATE INDEX ledger_by_time ON ledger (ts, seq);
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TABLE ledger_node (
  level BIGINT NOT NULL,
  idx BIGINT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (level, idx)
);

CREATE TABLE checkpoint (
  size BIGINT PRIMARY KEY,
  root TEXT NOT NULL,
  note TEXT NOT NULL,
  signed_at BIGINT NOT NULL
);

CREATE TABLE policy_version (
  hash TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  files TEXT NOT NULL,
  loaded_at BIGINT NOT NULL
);
