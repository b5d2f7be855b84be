import {
  asksForUnknown,
  formatProblem,
  parsePolicies,
  SallyportError,
  type KnownNames,
  type Policy,
  type Problem,
} from '@sallyport/policy'
import { countOf } from '../output/count-of.ts'
import { namesAnywhere, namesInForce } from './known-names.ts'
import { readTextFile } from './read-text-file.ts'

const MAX_POLICY_BYTES = 16 * 2 ** 20

/** Carries every problem, so that all are shown at once. */
export class InvalidPolicy extends SallyportError {
  readonly problems: readonly Problem[]
  /** The problems as shown to a person. */
  readonly texts: readonly string[]

  constructor(problems: readonly Problem[], texts: readonly string[]) {
    super('policy-invalid', `${countOf(problems.length, 'error')} in the policy; nothing is applied`)
    this.problems = problems
    this.texts = texts
  }
}

/** The layers of a policy, in the order given. */
export function readPolicy(paths: readonly string[]): Promise<Policy> {
  return readKnowing(paths, namesAnywhere)
}

/** The same for a policy that is put in force here, with the feeds of --feed. */
export function readPolicyInForce(paths: readonly string[], feeds: readonly string[]): Promise<Policy> {
  return readKnowing(paths, (policy) => namesInForce(policy, feeds))
}

async function readKnowing(
  paths: readonly string[],
  knownTo: (policy: Policy) => Promise<KnownNames>,
): Promise<Policy> {
  const files: { file: string; text: string }[] = []
  for (const file of paths) files.push({ file, text: await readTextFile(file, MAX_POLICY_BYTES) })
  const read = parsePolicies(files)
  const known = read.ok ? await knownTo(read.value) : {}
  if (read.ok && !asksForUnknown(read.value, known)) return read.value
  // Once more, for the places of the names.
  const parsed = read.ok ? parsePolicies(files, known) : read
  if (parsed.ok) return parsed.value
  const textOf = new Map(files.map(({ file, text }) => [file, text]))
  throw new InvalidPolicy(
    parsed.problems,
    parsed.problems.map((problem) => formatProblem(problem, textOf.get(problem.file))),
  )
}
