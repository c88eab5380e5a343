-- A browser of a person that is told by Web Push. Its place in the ledger stands in channel, what is on its way to it in
-- channel_notice and webhook_delivery, all under push: and its id.
CREATE TABLE push_device (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  person TEXT NOT NULL,
  name TEXT NOT NULL,
  endpoint TEXT NOT NULL UNIQUE,
  keys_sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  told_at BIGINT,
  last_error TEXT
);
CREATE INDEX push_device_by_person ON push_device (workspace, person, created_at, id);
