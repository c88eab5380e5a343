CREATE TABLE ledger_word (
  word TEXT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (word, seq)
) WITHOUT ROWID;

CREATE TABLE ledger_action_word (
  word TEXT NOT NULL,
  action TEXT NOT NULL,
  PRIMARY KEY (word, action)
) WITHOUT ROWID;

CREATE TABLE ledger_label (
  label TEXT NOT NULL,
  session TEXT NOT NULL,
  PRIMARY KEY (label, session)
) WITHOUT ROWID;

CREATE INDEX ledger_by_effect ON ledger (json_extract(entry, '$.body.effect'), seq)
  WHERE type IN ('approval.requested', 'access.evaluated');

-- Without seq, which the few entries of one call are sorted by as they are found: every call pays for each byte.
CREATE INDEX ledger_by_call ON ledger (call) WHERE call IS NOT NULL;
