import { detectFileType } from './detectors.ts'

/** A run of base64 that may hide something: long enough for the shortest token. */
const RUN = /[A-Za-z0-9+/_-]{24,}={0,2}(?:\r?\n[A-Za-z0-9+/]{1,76}={0,2})*/g

/** What runs of base64 in the text hold; null for one that is noise, as most are. */
export function* base64Runs(text: string): Generator<Buffer | null> {
  for (const [run] of text.matchAll(RUN)) yield decodedRun(run)
}

/** Letters before a run that belong to it by their looks alone move it by up to three. */
function decodedRun(run: string): Buffer | null {
  for (let skipped = 0; skipped < 4; skipped++) {
    const head = Buffer.from(run.slice(skipped, skipped + 400), 'base64')
    if (isWorthALook(head)) return Buffer.from(run.slice(skipped), 'base64')
  }
  return null
}

/** Text, or a packed file: the rest of what base64 can be decoded to is noise. */
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
