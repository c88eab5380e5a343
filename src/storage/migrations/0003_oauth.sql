ALTER TABLE session ADD COLUMN token_expires_at BIGINT;

CREATE TABLE oauth_client (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  name TEXT,
  uri TEXT,
  redirect_uris TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT
);

CREATE TABLE oauth_code (
  hash TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  consent_id TEXT NOT NULL UNIQUE,
  client TEXT NOT NULL,
  client_id TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  challenge TEXT NOT NULL,
  person_id TEXT NOT NULL,
  terms TEXT NOT NULL,
  until BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  session_id TEXT
);

CREATE TABLE oauth_refresh (
  hash TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  session_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  until BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX oauth_refresh_by_session ON oauth_refresh (session_id);
