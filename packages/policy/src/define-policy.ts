import { SallyportError } from './errors.ts'
import { formatProblem } from './parse/format-problem.ts'
import { readLayer } from './parse/layer.ts'
import { reportInto, type Problem } from './parse/problem.ts'
import type { Layer } from './policy.ts'
import type { PolicyInput } from './schema/input.ts'

/** A policy written in TypeScript is wrong; `problems` says where by path. */
export class PolicyError extends SallyportError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super('policy-invalid', problems.map((problem) => formatProblem(problem)).join('\n'))
    this.problems = problems
  }
}

/** A layer from an object, with the same checks as a policy file. Throws `PolicyError`. */
export function definePolicy(input: PolicyInput, options: { readonly file?: string } = {}): Layer {
  const file = options.file ?? 'policy'
  const nowhere = { file, line: 0, column: 0 }
  const problems: Problem[] = []
  const report = reportInto(problems, ({ code, message, path, found, allowed, nearest }) => {
    return { code, message, ...nowhere, path, found, allowed, nearest }
  })
  const layer = readLayer(input, { file, positionOf: () => nowhere, report, warn: () => {} })
  if (layer === null || problems.length > 0) throw new PolicyError(problems)
  return layer
}
