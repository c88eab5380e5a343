CREATE TABLE job (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  session_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  source TEXT NOT NULL,
  server TEXT NOT NULL,
  tool TEXT NOT NULL,
  exposed TEXT NOT NULL,
  state TEXT NOT NULL,
  approval_id TEXT,
  call_id TEXT,
  remote_id TEXT,
  redact TEXT NOT NULL,
  retain_until BIGINT,
  progress TEXT,
  result_kind TEXT,
  result_sealed TEXT,
  result_salt TEXT,
  reason TEXT,
  cancel_requested_at BIGINT,
  cancel_requested_by TEXT,
  cancel_standing TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  ended_at BIGINT,
  keep_until BIGINT,
  redacted_at BIGINT
);
CREATE INDEX job_by_time ON job (workspace, created_at, id);
CREATE INDEX job_by_session ON job (session_id, created_at, id);
CREATE INDEX job_open ON job (session_id) WHERE ended_at IS NULL;
CREATE INDEX job_erasable ON job (keep_until) WHERE keep_until IS NOT NULL;
