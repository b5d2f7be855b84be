import { DeepScan } from './deep-scan.ts'
import { Findings, type Finding } from './findings.ts'
import { DEFAULT_SCAN_LIMITS, scanContent, type ContentScan } from './scan-content.ts'
import type { TextDetector } from './text-detector.ts'

/** Of what was said before, beside as much of a message: longer than every token, and than the words that say what a number is. */
const SEAM = 512

/**
 * Contents that come one after another, such as messages of a WebSocket: each is looked into by itself, and once more where it meets
 * those before it, as whatever is cut into messages is whole again at its end.
 */
export class MessageScan {
  readonly #own: () => readonly TextDetector[]
  readonly #all = new Findings()
  #before = ''

  constructor(own: () => readonly TextDetector[]) {
    this.#own = own
  }

  /** Of all that were looked into. */
  get findings(): readonly Finding[] {
    return this.#all.list()
  }

  async look(message: Buffer): Promise<ContentScan> {
    const own = this.#own()
    const findings = new Findings()
    const { opaque } = await scanContent(message, [], DEFAULT_SCAN_LIMITS, own, findings)
    const met = new Findings()
    if (this.#before !== '') {
      // What is cut off at its ends cannot be read, and was or is looked into as a whole.
      const scan = new DeepScan(DEFAULT_SCAN_LIMITS, own, met)
      await scan.lookIntoPart(this.#before + message.toString('latin1', 0, SEAM))
    }
    this.#before = (this.#before + message.toString('latin1', Math.max(0, message.length - SEAM))).slice(-SEAM)
    this.#all.take(findings)
    // Until it is behind, the same is met by every message, with other words around it.
    this.#all.take(met, true)
    findings.take(met, true)
    return { findings: findings.list(), opaque }
  }
}
