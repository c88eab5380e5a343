-- How far the ledger has been read for a channel. What is on its way to it stands in webhook_delivery, under the same id.
CREATE TABLE channel (
  id TEXT PRIMARY KEY,
  next_seq BIGINT NOT NULL
);

CREATE TABLE channel_notice (
  channel TEXT NOT NULL,
  position BIGINT NOT NULL,
  cause TEXT NOT NULL,
  note TEXT NOT NULL,
  approval TEXT NOT NULL,
  source TEXT NOT NULL,
  risk TEXT NOT NULL,
  gathered BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  told_at BIGINT,
  PRIMARY KEY (channel, position)
);
CREATE INDEX channel_notice_due ON channel_notice (channel, due_at, position) WHERE told_at IS NULL;
CREATE INDEX channel_notice_source ON channel_notice (channel, source, risk, created_at);
CREATE INDEX channel_notice_told ON channel_notice (told_at) WHERE told_at IS NOT NULL;
