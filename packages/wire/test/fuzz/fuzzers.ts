import { fuzzCapture } from './fuzz-capture.ts'
import { fuzzDatagrams, fuzzQuic } from './fuzz-datagrams.ts'
import { fuzzDns } from './fuzz-dns.ts'
import { fuzzHttp1 } from './fuzz-http1.ts'
import { fuzzHttp2 } from './fuzz-http2.ts'
import { fuzzIcap } from './fuzz-icap.ts'
import { fuzzStreams } from './fuzz-streams.ts'
import { fuzzWebSocket } from './fuzz-websocket.ts'
import type { Fuzzer } from './run-fuzzer.ts'

/** Every parser of bytes that others send, by the name that `npm run fuzz` knows it by. */
export const FUZZERS: Readonly<Record<string, Fuzzer>> = {
  dns: fuzzDns,
  streams: fuzzStreams,
  datagrams: fuzzDatagrams,
  quic: fuzzQuic,
  capture: fuzzCapture,
  http1: fuzzHttp1,
  http2: fuzzHttp2,
  icap: fuzzIcap,
  websocket: fuzzWebSocket,
}
