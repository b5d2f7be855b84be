import { formatPath, parseFlow, SallyportError, type Flow, type FlowProblem } from '@sallyport/policy'
import { readStandardInput, readTextFile } from './read-text-file.ts'

const MAX_FLOW_BYTES = 2 ** 20

type FlowText = { readonly value: Flow } | { readonly problem: string }

/** One flow in JSON: a line of a flow log, or the argument of `explain`. A record's verdict and what it says of itself are no facts. */
export function readFlow(text: string): FlowText {
  const json = parseJson(text)
  if ('problem' in json) return json
  const parsed = parseFlow(factsOf(json.value))
  if (!(parsed instanceof Array)) return { value: parsed }
  return { problem: parsed.map((problem) => describeProblem(problem)).join('; ') }
}

function parseJson(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function factsOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { verdict: _, id: _id, ended: _ended, parents: _parents, ...facts } = value as Readonly<Record<string, unknown>>
  return facts
}

function describeProblem({ path, message, nearest }: FlowProblem): string {
  const where = path.length === 0 ? '' : `${formatPath(path)}: `
  return `${where}${message}${nearest === null ? '' : `, did you mean ${JSON.stringify(nearest)}?`}`
}

/** The flow named on a command line: JSON itself, `-` for the standard input, else a file. */
export async function readFlowArgument(argument: string): Promise<Flow> {
  const flow = readFlow(await flowText(argument))
  if ('problem' in flow) throw new SallyportError('flow-invalid', flow.problem)
  return flow.value
}

function flowText(argument: string): Promise<string> | string {
  if (isJson(argument)) return argument
  return argument === '-' ? readStandardInput(MAX_FLOW_BYTES) : readTextFile(argument, MAX_FLOW_BYTES)
}

/** Whether an argument is the flow itself and no path. */
export function isJson(argument: string): boolean {
  return argument.trimStart().startsWith('{')
}
