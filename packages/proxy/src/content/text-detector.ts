import type { Confidence } from './findings.ts'

/** How many different ones there are, none unless there are enough; `too-much`: more than it can look at, so that nothing can be said. */
export type Look = number | 'too-much'

/** A detector of one's own, beside those that are built in; `text` has one character an octet. */
export type TextDetector = {
  readonly name: string
  readonly confidence: Confidence
  readonly look: (text: string) => Look
}
