CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  description TEXT NOT NULL,
  enabled BIGINT NOT NULL,
  disabled_reason TEXT,
  public_key TEXT NOT NULL,
  keys_sealed TEXT NOT NULL,
  previous_sealed TEXT,
  previous_until BIGINT,
  next_seq BIGINT NOT NULL,
  checkpoint_size BIGINT NOT NULL,
  checkpoint_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX webhook_by_time ON webhook (workspace, created_at, id);

CREATE TABLE webhook_delivery (
  webhook_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  position BIGINT NOT NULL,
  type TEXT NOT NULL,
  approval TEXT,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  status BIGINT,
  error TEXT,
  created_at BIGINT NOT NULL,
  attempted_at BIGINT,
  ended_at BIGINT,
  PRIMARY KEY (webhook_id, event_id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_at, position) WHERE state = 'pending';
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook_id, approval, position)
  WHERE state = 'pending' AND approval IS NOT NULL;
CREATE INDEX webhook_delivery_dead ON webhook_delivery (webhook_id) WHERE state = 'dead';
CREATE INDEX webhook_delivery_by_time ON webhook_delivery (webhook_id, created_at, event_id);
CREATE INDEX webhook_delivery_ended ON webhook_delivery (ended_at) WHERE ended_at IS NOT NULL;
