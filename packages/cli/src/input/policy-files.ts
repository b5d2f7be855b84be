import { formatProblem, parsePolicies, SallyportError, type Policy, type Problem } from '@sallyport/policy'
import { readTextFile } from './read-text-file.ts'

const MAX_POLICY_BYTES = 16 * 2 ** 20

/** Carries every problem, so that all are shown at once. */
export class InvalidPolicy extends SallyportError {
  readonly problems: readonly Problem[]
  /** The problems as shown to a person. */
  readonly texts: readonly string[]

  constructor(problems: readonly Problem[], texts: readonly string[]) {
    super(
      'policy-invalid',
      `${problems.length} ${problems.length === 1 ? 'error' : 'errors'} in the policy; nothing is applied`,
    )
    this.problems = problems
    this.texts = texts
  }
}

/** The layers of a policy, in the order given. */
export async function readPolicy(paths: readonly string[]): Promise<Policy> {
  const files: { file: string; text: string }[] = []
  for (const file of paths) files.push({ file, text: await readTextFile(file, MAX_POLICY_BYTES) })
  const parsed = parsePolicies(files)
  if (parsed.ok) return parsed.value
  const textOf = new Map(files.map(({ file, text }) => [file, text]))
  throw new InvalidPolicy(
    parsed.problems,
    parsed.problems.map((problem) => formatProblem(problem, textOf.get(problem.file))),
  )
}
