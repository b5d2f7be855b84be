import { detectFileType } from './detectors.ts'

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

/** What runs of base64, base32 and hexadecimal in the text hold; null for one that is noise, as most are. */
export function* encodedRuns(text: string): Generator<Buffer | null> {
  for (const encoding of ENCODINGS) for (const [run] of text.matchAll(encoding.run)) yield decodedRun(run, encoding)
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
