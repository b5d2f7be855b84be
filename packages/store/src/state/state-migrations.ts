/**
 * Statements that bring a state store from one version to the next; never changed once released, only added to. They keep to
 * what SQLite and PostgreSQL both understand. Times are milliseconds since 1970; objects are JSON.
 */
export const STATE_MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE policy_versions (
      version BIGINT PRIMARY KEY,
      author TEXT NOT NULL,
      reason TEXT NOT NULL,
      "createdMs" BIGINT NOT NULL,
      files TEXT NOT NULL
    )`,
    `CREATE TABLE policy_in_force (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      version BIGINT REFERENCES policy_versions (version),
      confirmed BIGINT REFERENCES policy_versions (version),
      "confirmByMs" BIGINT
    )`,
    `CREATE TABLE settings (
      name TEXT PRIMARY KEY,
      value TEXT NOT NULL,
      author TEXT NOT NULL,
      "changedMs" BIGINT NOT NULL
    )`,
    `CREATE TABLE alerts (
      id TEXT PRIMARY KEY,
      detector TEXT NOT NULL,
      severity TEXT NOT NULL,
      subject TEXT NOT NULL,
      destination TEXT NOT NULL,
      sentence TEXT NOT NULL,
      technique TEXT NOT NULL,
      numbers TEXT NOT NULL,
      series TEXT NOT NULL,
      "firstMs" BIGINT NOT NULL,
      "lastMs" BIGINT NOT NULL,
      "closedMs" BIGINT,
      "closedBy" TEXT
    )`,
    `CREATE INDEX alerts_by_cause ON alerts (detector, subject, destination)`,
    `CREATE INDEX alerts_by_time ON alerts ("lastMs", id)`,
    `CREATE TABLE mutes (
      id TEXT PRIMARY KEY,
      detector TEXT,
      subject TEXT,
      destination TEXT,
      "untilMs" BIGINT NOT NULL,
      reason TEXT NOT NULL,
      author TEXT NOT NULL,
      "createdMs" BIGINT NOT NULL
    )`,
    `CREATE TABLE users (
      name TEXT PRIMARY KEY,
      role TEXT NOT NULL CHECK (role IN ('viewer', 'analyst', 'editor', 'admin')),
      "passwordHash" TEXT NOT NULL,
      "createdMs" BIGINT NOT NULL
    )`,
    `CREATE TABLE sessions (
      "tokenHash" TEXT PRIMARY KEY,
      "user" TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
      csrf TEXT NOT NULL,
      "expiresMs" BIGINT NOT NULL
    )`,
    `CREATE TABLE audit (
      id BIGINT PRIMARY KEY,
      "timeMs" BIGINT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      target TEXT NOT NULL
    )`,
  ],
  [
    `ALTER TABLE policy_versions ADD COLUMN mode TEXT NOT NULL DEFAULT 'monitor' CHECK (mode IN ('monitor', 'enforce'))`,
  ],
  [
    // The last step is kept so that a code is good once.
    `ALTER TABLE users ADD COLUMN "totpSecret" TEXT`,
    `ALTER TABLE users ADD COLUMN "totpStep" BIGINT NOT NULL DEFAULT 0`,
  ],
  [
    // Of who signs in elsewhere: the issuer and its subject. There is no password then.
    `ALTER TABLE users ADD COLUMN "externalId" TEXT`,
    `CREATE UNIQUE INDEX users_by_external_id ON users ("externalId")`,
  ],
]
