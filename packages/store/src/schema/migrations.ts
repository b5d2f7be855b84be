/**
 * Statements that bring a store from one version to the next; never changed once released, only added to.
 * `facts` is the flow in the words of the policy language, keys sorted, without time and counters: flows that a policy
 * cannot tell apart have the same text, so that each is decided once. The other columns are for queries.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE flows (
      time DateTime64(3, 'UTC'),
      batch String CODEC(ZSTD),
      seq UInt32 CODEC(Delta, ZSTD),
      device LowCardinality(String),
      user LowCardinality(String),
      app LowCardinality(String),
      unit LowCardinality(String),
      container LowCardinality(String),
      src Nullable(IPv6),
      dst Nullable(IPv6),
      port Nullable(UInt16),
      transport LowCardinality(String),
      names Array(LowCardinality(String)),
      protocol LowCardinality(String),
      country LowCardinality(String),
      asn Nullable(UInt32),
      bytesOut Nullable(UInt64),
      bytesIn Nullable(UInt64),
      packetsOut Nullable(UInt64),
      packetsIn Nullable(UInt64),
      durationMs Nullable(UInt64),
      verdict LowCardinality(String),
      rule LowCardinality(String),
      layer LowCardinality(String),
      mode LowCardinality(String),
      stage LowCardinality(String),
      reason LowCardinality(String),
      explain LowCardinality(String),
      facts String CODEC(ZSTD)
    ) ENGINE = MergeTree PARTITION BY toYYYYMM(time) ORDER BY (time, batch, seq)
    SETTINGS non_replicated_deduplication_window = 10000`,
    `CREATE TABLE flows_hourly (
      hour DateTime('UTC'),
      destination String,
      app LowCardinality(String),
      user LowCardinality(String),
      verdict LowCardinality(String),
      flows UInt64,
      bytesOut UInt64,
      bytesIn UInt64
    ) ENGINE = SummingMergeTree PARTITION BY toYYYYMM(hour) ORDER BY (hour, destination, app, user, verdict)
    SETTINGS non_replicated_deduplication_window = 10000`,
    `CREATE MATERIALIZED VIEW flows_to_hourly TO flows_hourly AS
    SELECT toStartOfHour(toDateTime(time, 'UTC')) AS hour,
      if(empty(names), ifNull(IPv6NumToString(dst), ''), names[1]) AS destination,
      app, user, verdict, count() AS flows, sum(ifNull(flows.bytesOut, 0)) AS bytesOut, sum(ifNull(flows.bytesIn, 0)) AS bytesIn
    FROM flows GROUP BY hour, destination, app, user, verdict`,
    `CREATE TABLE batches (batch String, rows UInt64, storedAt DateTime64(3, 'UTC') DEFAULT now64(3))
    ENGINE = MergeTree ORDER BY batch SETTINGS non_replicated_deduplication_window = 10000`,
  ],
  [
    `CREATE TABLE drops (time DateTime64(3, 'UTC'), batch String, reason LowCardinality(String), count UInt64)
    ENGINE = MergeTree ORDER BY (time, batch) SETTINGS non_replicated_deduplication_window = 10000`,
    // A spool forgets what is stored, so what is stored must outlive a power cut.
    ...['flows', 'flows_hourly', 'batches', 'drops'].map(
      (table) => `ALTER TABLE ${table} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1`,
    ),
  ],
]
