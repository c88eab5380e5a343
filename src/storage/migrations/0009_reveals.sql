-- What policy hides of a call, and to whom it was shown.
CREATE TABLE reveal (
  approval_id TEXT NOT NULL,
  approver TEXT NOT NULL,
  what TEXT NOT NULL,
  workspace TEXT NOT NULL,
  revealed_at BIGINT NOT NULL,
  PRIMARY KEY (approval_id, approver, what)
);
