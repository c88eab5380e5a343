CREATE TABLE payload (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  commitment TEXT NOT NULL,
  salt TEXT NOT NULL,
  ciphertext TEXT NOT NULL,
  subject TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  erase_at BIGINT
) WITHOUT ROWID;
CREATE INDEX payload_erasable ON payload (erase_at) WHERE erase_at IS NOT NULL;

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
CREATE INDEX ledger_by_subject ON ledger (subject, seq, type) WHERE subject IS NOT NULL;
CREATE INDEX ledger_by_session ON ledger (session, seq) WHERE session IS NOT NULL;
CREATE INDEX ledger_by_approval ON ledger (approval, seq) WHERE approval IS NOT NULL;
CREATE INDEX ledger_by_principal ON ledger (principal, seq) WHERE principal IS NOT NULL;
CREATE INDEX ledger_by_action ON ledger (action, seq, type) WHERE action IS NOT NULL;
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

CREATE TABLE cosignature (
  size BIGINT NOT NULL,
  witness TEXT NOT NULL,
  line TEXT NOT NULL,
  cosigned_at BIGINT NOT NULL,
  PRIMARY KEY (size, witness)
);

CREATE TABLE policy_version (
  hash TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  files TEXT NOT NULL,
  loaded_at BIGINT NOT NULL
);
