/** There are more combinations to look at than an analysis may: it has no exact answer, and gives none. */
export class AnalysisTooLargeError extends Error {
  override readonly name = 'AnalysisTooLargeError'
}
