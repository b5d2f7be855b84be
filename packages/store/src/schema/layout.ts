/** How the one set of tables lies on a server, or on all servers of a cluster. */
export type Layout = {
  /** In this process: its version is known, and nobody else has it open. */
  readonly isOwn: boolean
  /** Follows the name of a table or database in a statement that defines it. */
  readonly everywhere: string
  /** An engine of the MergeTree family. */
  readonly engine: (name: string) => string
  /** A setting of a table: how many blocks it remembers, so that a batch that comes again is known. */
  readonly remembers: string
  /** Where there are shards: the database of their tables, and what defines the one that stands for a table of all of them. */
  readonly shards: { readonly database: string; readonly face: (table: string, key: string) => string } | null
}

const BLOCKS = 10_000
const WEEK_S = 604_800

export const ONE_SERVER: Layout = {
  isOwn: false,
  everywhere: '',
  engine: (name) => name,
  remembers: `non_replicated_deduplication_window = ${BLOCKS}`,
  shards: null,
}

export const OWN_PROCESS: Layout = { ...ONE_SERVER, isOwn: true }

/**
 * Tables of a shard, replicated, in the database `<database>_shard`; tables of the same names in `<database>` stand for those of all
 * shards. A batch lies on one shard as a whole: there its id is known again.
 */
export function clusterLayout(cluster: string, database: string): Layout {
  const everywhere = ` ON CLUSTER ${quoted(cluster)}`
  const shards = shardDatabase(database)
  return {
    isOwn: false,
    everywhere,
    engine: (name) => `Replicated${name}`,
    remembers: `replicated_deduplication_window = ${BLOCKS}, replicated_deduplication_window_seconds = ${WEEK_S}`,
    shards: {
      database: shards,
      // The key says which shard a row goes to.
      face: (table, key) =>
        `CREATE OR REPLACE TABLE ${quoted(database)}.${table}${everywhere} AS ${quoted(shards)}.${table}
        ENGINE = Distributed(${quoted(cluster)}, ${quoted(shards)}, ${table}, ${key})`,
    },
  }
}

export function shardDatabase(database: string): string {
  return `${database}_shard`
}

/** Only names that `parseServerAddress` lets through come here: letters, digits, `_`, `-`, `.`. */
export function quoted(name: string): string {
  return `\`${name}\``
}
