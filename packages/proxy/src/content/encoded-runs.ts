import { detectFileType } from './detectors.ts'
import { WINDOW } from './text-windows.ts'

type Encoding = {
  /** A run that may hide something: long enough for the shortest token. */
  readonly run: RegExp
  /** Letters before a run that belong to it by their looks alone move it by fewer than so many. */
  readonly group: number
  readonly decode: (run: string) => Buffer
}

const ENCODINGS: readonly Encoding[] = [
  {
    run: /[A-Za-z0-9+/_-]{24,}={0,2}(?:\r?\n[A-Za-z0-9+/]{1,76}={0,2})*/g,
    group: 4,
    decode: (run) => Buffer.from(run, 'base64'),
  },
  { run: /[0-9a-f]{40,}|[0-9A-F]{40,}/g, group: 2, decode: (run) => Buffer.from(run, 'hex') },
  { run: /[a-z2-7]{40,}|[A-Z2-7]{40,}/g, group: 8, decode: decodeBase32 },
]
/** Characters that show whether a run is noise. */
const SHOWN = 400

/** No shorter than the shortest run. */
const OVERLAP = 64

/**
 * What runs of base64, base32 and hexadecimal in the text hold; null for one that is noise, as most are, and where a part of the text
 * has no more of them.
 */
export function* encodedRuns(text: string, size: number = WINDOW): Generator<Buffer | null> {
  for (const encoding of ENCODINGS) {
    for (const run of runsOf(text, encoding.run, size)) yield run === null ? null : decodedRun(run, encoding)
  }
}

/** Runs are looked for part by part, and taken whole, however long they are. */
function* runsOf(text: string, pattern: RegExp, size: number): Generator<string | null> {
  const whole = new RegExp(pattern, 'y')
  let done = 0
  for (let start = 0; start < text.length; start += size) {
    const from = Math.max(done, start - OVERLAP)
    const end = start + size
    for (const { index } of text.slice(from, end).matchAll(pattern)) {
      if (from + index < done) continue
      whole.lastIndex = from + index
      const run = whole.exec(text)![0]
      done = from + index + run.length
      yield run
    }
    yield null
  }
}

function decodedRun(run: string, { group, decode }: Encoding): Buffer | null {
  for (let skipped = 0; skipped < group; skipped++) {
    if (isWorthALook(decode(run.slice(skipped, skipped + SHOWN)))) return decode(run.slice(skipped))
  }
  return null
}

/** RFC 4648 §6, in either case; bits that fill no octet are left. */
function decodeBase32(run: string): Buffer {
  const octets = Buffer.alloc(Math.floor((run.length * 5) / 8))
  let [bits, held, at] = [0, 0, 0]
  for (let index = 0; index < run.length; index++) {
    const code = run.charCodeAt(index)
    held = ((held << 5) | (code < 65 ? code - 24 : (code & 31) - 1)) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    octets[at++] = (held >> bits) & 255
  }
  return octets
}

/** Text, or a packed file: the rest of what runs can be decoded to is noise. */
function isWorthALook(decoded: Buffer): boolean {
  if (detectFileType(decoded.toString('latin1', 0, 300)) !== null) return true
  const length = Math.min(200, decoded.length)
  // Noise shows itself within a few octets.
  let odd = 0
  for (let at = 0; at < length; at++) if (!isPrintable(decoded[at]!) && ++odd > length * 0.1) return false
  return true
}

const isPrintable = (octet: number): boolean =>
  (octet >= 32 && octet < 127) || octet === 9 || octet === 10 || octet === 13
