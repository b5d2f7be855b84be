import { SallyportError } from '@sallyport/policy'

/** There are more combinations to look at than an analysis may: it has no exact answer, and gives none. */
export class AnalysisTooLargeError extends SallyportError {
  constructor(what: string) {
    super('policy-too-complex', `the question has no exact answer within bounds: ${what}`, {
      remedy: 'Ask about a part: fewer layers, or facts fixed with --from and --to.',
    })
  }
}
