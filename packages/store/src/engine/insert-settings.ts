/** What makes a batch one block, known by its token on tables and on what is rolled up from them. */
export const INSERT_SETTINGS = {
  date_time_input_format: 'best_effort',
  deduplicate_blocks_in_dependent_materialized_views: 1,
  // One block a batch, so that a batch has one token a partition.
  max_insert_block_size: '10000000',
  min_insert_block_size_rows: '10000000',
  min_insert_block_size_bytes: '0',
  // A log of ten years has more months than a block may have partitions by default.
  max_partitions_per_insert_block: '0',
} as const
