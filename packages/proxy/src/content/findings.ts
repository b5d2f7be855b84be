export const CONFIDENCES = ['low', 'medium', 'high'] as const
/** `high`: check digits beside their word, a prefix that is given out, or a value of a set; `low`: it looks random. */
export type Confidence = (typeof CONFIDENCES)[number]

/** What a detector found, without what it was. */
export type Finding = { readonly detector: string; readonly count: number; readonly confidence: Confidence }

/** Different values that are told apart; beyond that many more say nothing more. */
const MOST_VALUES = 1000

type Counted = { count: number; confidence: Confidence; readonly values: Set<string> }

/** What detectors found in one content, as often as it is different. The values never leave. */
export class Findings {
  readonly #all = new Map<string, Counted>()

  get isEmpty(): boolean {
    return this.#all.size === 0
  }

  /** The same value counts once, however often it is met and however it was packed. */
  add(detector: string, confidence: Confidence, value: string): void {
    const counted = this.#counted(detector, confidence)
    if (counted.values.size >= MOST_VALUES || counted.values.has(value)) return
    counted.values.add(value)
    counted.count++
  }

  /** As many as somebody else has told apart in a part of the content. */
  addCount(detector: string, confidence: Confidence, count: number): void {
    const counted = this.#counted(detector, confidence)
    counted.count = Math.max(counted.count, count)
  }

  /** Those of another content; what both have counts once. `isNews`: of detectors alone that have not fired before. */
  take(other: Findings, isNews: boolean = false): void {
    for (const [detector, { count, confidence, values }] of other.#all) {
      if (isNews && this.#all.has(detector)) continue
      if (values.size === 0) this.addCount(detector, confidence, count)
      for (const value of values) this.add(detector, confidence, value)
    }
  }

  list(): readonly Finding[] {
    return [...this.#all]
      .map(([detector, { count, confidence }]) => ({ detector, count, confidence }))
      .sort((a, b) => (a.detector < b.detector ? -1 : 1))
  }

  #counted(detector: string, confidence: Confidence): Counted {
    const counted = this.#all.get(detector) ?? { count: 0, confidence, values: new Set() }
    counted.confidence = higher(counted.confidence, confidence)
    this.#all.set(detector, counted)
    return counted
  }
}

/** Of a request, and of what came after it. */
export function addFindings(before: readonly Finding[], more: readonly Finding[]): readonly Finding[] {
  const all = new Map(before.map((finding) => [finding.detector, finding]))
  for (const finding of more) {
    const known = all.get(finding.detector)
    const sum = { ...finding, count: finding.count + (known?.count ?? 0) }
    all.set(finding.detector, { ...sum, confidence: higher(finding.confidence, known?.confidence ?? 'low') })
  }
  return [...all.values()]
}

function higher(one: Confidence, other: Confidence): Confidence {
  return CONFIDENCES.indexOf(one) > CONFIDENCES.indexOf(other) ? one : other
}
