import { DeepScan, type ScanLimits } from './deep-scan.ts'
import { Findings, type Finding } from './findings.ts'
import type { TextDetector } from './text-detector.ts'
import { CODINGS } from './unpack.ts'

/** `findings`: what fired. `opaque`: something in it could not be read, so that nothing can be said of it. */
export type ContentScan = { readonly findings: readonly Finding[]; readonly opaque: string | null }

export const DEFAULT_SCAN_LIMITS: ScanLimits = { unpackedBytes: 64 * 2 ** 20, depth: 4 }

/**
 * What is in a body: as it stands, unpacked (gzip, deflate, br, zstd), in the entries of a zip (OOXML too), in runs of base64, in
 * escapes of URLs and of JSON, each in each other up to a depth.
 */
export async function scanContent(
  body: Buffer,
  codings: readonly string[],
  limits: ScanLimits,
  own: readonly TextDetector[] = [],
  findings: Findings = new Findings(),
): Promise<ContentScan> {
  const scan = new DeepScan(limits, own, findings)
  let plain: Buffer | null = body
  for (const coding of codings.toReversed()) {
    if (coding === 'identity') continue
    plain = await scan.unpack(plain, CODINGS[coding] ?? null, `content coding ${coding}`)
    if (plain === null) return { findings: findings.list(), opaque: scan.opaque }
  }
  await scan.look(plain)
  return { findings: findings.list(), opaque: scan.opaque }
}

/**
 * What is in the target of a request. Labels of names have room for 63 letters, so what is carried in them is cut by dots or slashes: it
 * is looked for in the target without them, too.
 */
export async function scanTarget(
  target: string,
  limits: ScanLimits,
  own: readonly TextDetector[],
  findings: Findings,
): Promise<ContentScan> {
  const scan = new DeepScan(limits, own, findings)
  await scan.look(Buffer.from(target, 'latin1'))
  await scan.lookIntoRuns(target.replace(/[./]/g, ''), 0)
  return { findings: findings.list(), opaque: scan.opaque }
}
