import { parseFlow, SallyportError, type Flow } from '@sallyport/policy'
import { readStandardInput, readTextFile } from './read-text-file.ts'

const MAX_FLOW_BYTES = 2 ** 20

/** One flow in JSON, as a line of a flow log or the argument of `explain`. */
export function readFlow(text: string): { readonly value: Flow } | { readonly problem: string } {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return { problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  const parsed = parseFlow(json)
  return parsed.ok ? { value: parsed.value } : { problem: parsed.problems.map((problem) => problem.message).join('; ') }
}

/** The flow named on a command line: JSON itself, `-` for the standard input, else a file. */
export async function readFlowArgument(argument: string): Promise<Flow> {
  const flow = readFlow(await flowText(argument))
  if ('problem' in flow) throw new SallyportError('flow-invalid', flow.problem)
  return flow.value
}

function flowText(argument: string): Promise<string> | string {
  if (argument.trimStart().startsWith('{')) return argument
  return argument === '-' ? readStandardInput(MAX_FLOW_BYTES) : readTextFile(argument, MAX_FLOW_BYTES)
}
