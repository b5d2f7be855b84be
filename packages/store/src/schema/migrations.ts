import { DAY_SUMS, daySumsProjection, FLOW_DAY, sumsProjection, VISITORS, type DaySum } from './day-sums.ts'
import { KNOWN_SQL, OTHER_FACTS_SQL } from '../ingest/known-facts.ts'
import type { Layout } from './layout.ts'

/** What each destination, application and so on was worth an hour: the questions that name no other fact are answered from it. */
const TOP_HOURLY = `SELECT hour,
  multiIf(grouping(destination) = 0, 'destination', grouping(app) = 0, 'app', grouping(user) = 0, 'user',
    grouping(unit) = 0, 'unit', grouping(device) = 0, 'device', grouping(country) = 0, 'country',
    grouping(asnText) = 0, 'asn', grouping(portText) = 0, 'port', grouping(protocol) = 0, 'protocol', 'rule') AS dimension,
  multiIf(dimension = 'destination', destination, dimension = 'app', app, dimension = 'user', user, dimension = 'unit', unit, dimension = 'device', device,
    dimension = 'country', country, dimension = 'asn', asnText, dimension = 'port', portText, dimension = 'protocol', protocol, rule) AS key,
  verdict, sum(started) AS flows, sum(sent) AS bytesOut, sum(received) AS bytesIn, min(time) AS first, max(time) AS last
FROM (
  SELECT time, toStartOfHour(toDateTime(time, 'UTC')) AS hour, verdict, started, destination, app, user, unit, device, country,
    ifNull(toString(asn), '') AS asnText, concat(transport, '/', ifNull(toString(port), '')) AS portText, protocol, rule,
    ifNull(bytesOut, 0) AS sent, ifNull(bytesIn, 0) AS received
  FROM flows
)
GROUP BY GROUPING SETS ((hour, verdict, destination), (hour, verdict, app), (hour, verdict, user), (hour, verdict, unit),
  (hour, verdict, device), (hour, verdict, country), (hour, verdict, asnText), (hour, verdict, portText),
  (hour, verdict, protocol), (hour, verdict, rule))`

/**
 * Statements that bring a store from one version to the next; never changed once released, only added to.
 * `facts` is the flow in the words of the policy language, keys sorted, without time and counters: flows that a policy
 * cannot tell apart have the same text, so that each is decided once. The other columns are for queries.
 * Rows that were stored before a projection was defined get it by `relayout`.
 */
export const MIGRATIONS: readonly ((on: Layout) => readonly string[])[] = [
  (on) => [
    `CREATE TABLE flows${on.everywhere} (
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
    ) ENGINE = ${on.engine('MergeTree')} PARTITION BY toYYYYMM(time) ORDER BY (time, batch, seq)
    SETTINGS ${on.remembers}`,
    `CREATE TABLE flows_hourly${on.everywhere} (
      hour DateTime('UTC'),
      destination String,
      app LowCardinality(String),
      user LowCardinality(String),
      verdict LowCardinality(String),
      flows UInt64,
      bytesOut UInt64,
      bytesIn UInt64
    ) ENGINE = ${on.engine('SummingMergeTree')} PARTITION BY toYYYYMM(hour) ORDER BY (hour, destination, app, user, verdict)
    SETTINGS ${on.remembers}`,
    `CREATE MATERIALIZED VIEW flows_to_hourly${on.everywhere} TO flows_hourly AS
    SELECT toStartOfHour(toDateTime(time, 'UTC')) AS hour,
      if(empty(names), ifNull(IPv6NumToString(dst), ''), names[1]) AS destination,
      app, user, verdict, count() AS flows, sum(ifNull(flows.bytesOut, 0)) AS bytesOut, sum(ifNull(flows.bytesIn, 0)) AS bytesIn
    FROM flows GROUP BY hour, destination, app, user, verdict`,
    `CREATE TABLE batches${on.everywhere} (batch String, rows UInt64, storedAt DateTime64(3, 'UTC') DEFAULT now64(3))
    ENGINE = ${on.engine('MergeTree')} ORDER BY batch SETTINGS ${on.remembers}`,
  ],
  (on) => [
    `CREATE TABLE drops${on.everywhere} (time DateTime64(3, 'UTC'), batch String, reason LowCardinality(String), count UInt64)
    ENGINE = ${on.engine('MergeTree')} ORDER BY (time, batch) SETTINGS ${on.remembers}`,
    // A spool forgets what is stored, so what is stored must outlive a power cut.
    ...['flows', 'flows_hourly', 'batches', 'drops'].map(
      (table) => `ALTER TABLE ${table}${on.everywhere} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1`,
    ),
  ],
  (on) => [
    // The end of a connection is a second row of the same `flow` and time, with the counters, and `started` 0.
    `ALTER TABLE flows${on.everywhere} ADD COLUMN IF NOT EXISTS flow UInt64 DEFAULT cityHash64(batch, seq) AFTER seq`,
    `ALTER TABLE flows${on.everywhere} ADD COLUMN IF NOT EXISTS started UInt8 DEFAULT 1 AFTER flow`,
    `ALTER TABLE flows${on.everywhere} ADD COLUMN IF NOT EXISTS destination LowCardinality(String)
      DEFAULT if(empty(names), ifNull(replaceRegexpOne(IPv6NumToString(dst), '^::ffff:', ''), ''), names[1]) AFTER names`,
    `ALTER TABLE flows${on.everywhere} ADD COLUMN IF NOT EXISTS parents Array(LowCardinality(String)) AFTER explain`,
    `DROP VIEW IF EXISTS flows_to_hourly${on.everywhere}`,
    `DROP TABLE IF EXISTS flows_hourly${on.everywhere}`,
    `CREATE TABLE top_hourly${on.everywhere} (
      hour DateTime('UTC') CODEC(Delta, ZSTD),
      dimension LowCardinality(String),
      key String,
      verdict LowCardinality(String),
      flows SimpleAggregateFunction(sum, UInt64),
      bytesOut SimpleAggregateFunction(sum, UInt64),
      bytesIn SimpleAggregateFunction(sum, UInt64),
      first SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
      last SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
    ) ENGINE = ${on.engine('AggregatingMergeTree')} PARTITION BY toYYYYMM(hour) ORDER BY (dimension, hour, key, verdict)
    SETTINGS ${on.remembers}, fsync_after_insert = 1, fsync_part_directory = 1`,
    `DROP VIEW IF EXISTS flows_to_top${on.everywhere}`,
    `TRUNCATE TABLE top_hourly${on.everywhere}`,
    `INSERT INTO top_hourly ${TOP_HOURLY}`,
    `CREATE MATERIALIZED VIEW flows_to_top${on.everywhere} TO top_hourly AS ${TOP_HOURLY}`,
  ],
  (on) => [
    // Above 8,192 values a part's dictionary overflows into one for each block: grouping then costs more than by plain texts.
    `ALTER TABLE flows${on.everywhere} MODIFY COLUMN destination String
      DEFAULT if(empty(names), ifNull(replaceRegexpOne(IPv6NumToString(dst), '^::ffff:', ''), ''), names[1]) CODEC(ZSTD) SETTINGS alter_sync = 0`,
  ],
  (on) => [
    // What one user or application did is asked most often of all that hours are not rolled up by: its rows lie together here.
    `ALTER TABLE flows${on.everywhere} ADD PROJECTION IF NOT EXISTS by_user (
      SELECT user, app, device, unit, container, destination, country, asn, transport, port, protocol,
        verdict, rule, layer, mode, stage, reason, started, bytesOut, bytesIn, durationMs, time
      ORDER BY user, app
    )`,
  ],
  (on) => {
    const sums = daySums(['by_place', 'by_program', 'by_person'])
    // Who went somewhere: a projection of sums would have as many rows as there are flows.
    const projections = [
      ...sums,
      [
        'by_destination',
        `SELECT destination, names, dst, user, app, device, unit, container, country, asn, transport, port, protocol,
          verdict, rule, layer, mode, stage, reason, started, bytesOut, bytesIn, durationMs, time
        ORDER BY destination, app, user`,
      ],
    ] as const
    return addProjections(on, projections)
  },
  (on) => addProjections(on, [...daySums(['by_program_place', 'by_program_person', 'by_outcome']), ['by_visitors', VISITORS_BY_DAY]]),
  (on) => [
    // What a batch makes is read little and merged soon: one file of it, and of each projection, in place of one or more a column, each flushed.
    `ALTER TABLE flows${on.everywhere} MODIFY SETTING min_bytes_for_wide_part = ${COMPACT_BYTES}`,
  ],
  (on) =>
    // What rows are copied and summed to is made when batches are merged, once for several. Where others store too, a server's version may not know how.
    on.isOwn
      ? ['ALTER TABLE flows MODIFY SETTING materialize_projections_on_insert = 0, materialize_projections_on_merge = 1']
      : [],
  (on) => [
    ...addProjections(on, [
      ...daySums(['by_visited', 'by_person_country']),
      // Which destinations a name stands for.
      ['by_name', 'SELECT destination, names, count() GROUP BY destination, names'],
    ]),
    // `by_visited` is the same in another order.
    `ALTER TABLE flows${on.everywhere} DROP PROJECTION IF EXISTS by_visitors SETTINGS alter_sync = 0, mutations_sync = 0`,
  ],
  (on) => [
    // What the columns do not say of the facts: with them, flows are told apart by just what a policy asks for, and `facts` is not read.
    `ALTER TABLE flows${on.everywhere} ADD COLUMN IF NOT EXISTS known LowCardinality(String) DEFAULT ${KNOWN_SQL},
      ADD COLUMN IF NOT EXISTS otherFacts String DEFAULT ${OTHER_FACTS_SQL} CODEC(ZSTD)`,
  ],
]

/** That rows of an earlier version lack, until they are laid out anew. */
export const LATER_COLUMNS: readonly string[] = ['known', 'otherFacts']

/** Of `flows`, in its newest version. */
export const PROJECTIONS: readonly string[] = ['by_user', 'by_destination', 'by_name', ...Object.keys(DAY_SUMS)]

const COMPACT_BYTES = 2 ** 27

const VISITORS_BY_DAY = sumsProjection([FLOW_DAY, ...DAY_SUMS.by_visited], VISITORS)

type Projection = readonly [name: string, of: string]

function daySums(names: readonly DaySum[]): readonly Projection[] {
  return names.map((name) => [name, daySumsProjection(name)])
}

function addProjections(on: Layout, projections: readonly Projection[]): readonly string[] {
  const added = projections.map(([name, of]) => `ADD PROJECTION IF NOT EXISTS ${name} (${of})`)
  return [`ALTER TABLE flows${on.everywhere} ${added.join(', ')}`]
}
