import { fuzzLeases } from '../packages/agent/test/gateway/fuzz-leases.ts'
import { fuzzMmdb, fuzzVendors } from '../packages/catalog/test/fuzz-catalog.ts'
import { fuzzFeeds } from '../packages/catalog/test/feeds/fuzz-feeds.ts'
import { fuzzFrames } from '../packages/dns/test/fuzz-frames.ts'
import { fuzzNetlink } from '../packages/kernel/test/fuzz-netlink.ts'
import { fuzzSegments } from '../packages/kernel/test/queue/fuzz-segments.ts'
import { fuzzContent, fuzzKeytab, ocspFuzzer } from '../packages/proxy/test/fuzz-proxy.ts'
import { fuzzSpool } from '../packages/store/test/fuzz-spool.ts'
import { FUZZERS } from '../packages/wire/test/fuzz/fuzzers.ts'
import type { Fuzzer } from '../packages/wire/test/fuzz/run-fuzzer.ts'

/** Of everything that reads what others wrote, beside packages/wire. A function makes what a run needs. */
export const OTHER_FUZZERS: Readonly<Record<string, Fuzzer | (() => Fuzzer)>> = {
  segments: fuzzSegments,
  netlink: fuzzNetlink,
  frames: fuzzFrames,
  leases: fuzzLeases,
  feeds: fuzzFeeds,
  mmdb: fuzzMmdb,
  vendors: fuzzVendors,
  content: fuzzContent,
  ocsp: ocspFuzzer,
  keytab: fuzzKeytab,
  spool: fuzzSpool,
}

/** By the name that `npm run fuzz` knows it by. */
export const ALL_FUZZERS: typeof OTHER_FUZZERS = { ...FUZZERS, ...OTHER_FUZZERS }
