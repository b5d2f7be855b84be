import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { EXPORT_FORMATS, type FlowFilter, type FlowQueries, type ListedFlow } from '@sallyport/store'
import { SallyportError } from '@sallyport/policy'
import { addFlowSource, openFlowSource, type FlowSource, type OpenFlows } from '../input/flow-source.ts'
import { importFlows, openLog } from '../input/import-flows.ts'
import { addFilterArgument, readFilter } from '../input/filter-argument.ts'
import { examples, jsonOption } from '../input/options.ts'
import { reasons } from '../output/flow-recording.ts'
import { note, printJson, printSlowly } from '../output/print.ts'
import { describeFlow } from '../output/describe-flow.ts'
import { followFlows } from '../output/follow-flows.ts'
import { isLineFormat, LINE_FORMATS, putFlowLines } from '../output/flow-lines.ts'
import { writeExport, type ExportPlace } from '../output/write-export.ts'
import { stopSignal } from '../stop-signal.ts'
import type { Answer } from './answer.ts'

const PAGE = 1000
const FILES = [...EXPORT_FORMATS, ...LINE_FORMATS] as const

type Options = FlowSource &
  ExportPlace & {
    readonly import?: string
    readonly limit: number
    readonly after?: string
    readonly export?: (typeof FILES)[number]
    readonly follow?: boolean
    readonly json?: boolean
  }

export function flowsCommand(answer: Answer): Command {
  return addFlowSource(addFilterArgument(new Command('flows')))
    .description('what left and what was stopped: flows of the store, newest first')
    .option('--import <file>', 'add the flows of a log to the store; - is the standard input')
    .option('--limit <count>', 'at most so many flows', parseCount, 100)
    .option('--after <cursor>', 'the page after this one, the `next` of --json')
    .addOption(
      new Option('--export <format>', 'all of them as a file on the standard output')
        .choices(FILES)
        .conflicts(['follow', 'import']),
    )
    .option('--output <file>', 'write the export to this file, which must not be there')
    .option('--force', 'write over a file that is there')
    .addOption(
      new Option('--follow', 'go on with what comes, the newest last, until interrupted').conflicts([
        'flows',
        'import',
        'after',
      ]),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport flows --import flows.jsonl',
        'sallyport flows verdict:deny since:1h',
        'sallyport flows --follow -verdict:allow',
        'sallyport flows since:7d --export parquet --output week.parquet',
        'sallyport flows --flows flows.jsonl domain:*.github.com --json',
      ),
    )
    .action(async (filter: readonly string[], options: Options, command: Command) => {
      const parsed = readFilter(filter, command)
      if (options.import !== undefined) return answer(await importLog(options, options.import))
      if (options.output !== undefined && options.export === undefined)
        throw new SallyportError('usage', '--output needs --export')
      using store = await openFlowSource(options)
      if (options.export !== undefined) await exportTo(options.export, store, parsed, options)
      else if (options.follow === true) await follow(store, parsed, options)
      else await list(store, parsed, options)
    })
}

async function importLog(options: Options, path: string): Promise<number> {
  await using log = await openLog(path)
  using store = await openFlowSource({
    state: options.state,
    ...(options.store === undefined ? {} : { store: options.store }),
  })
  const imported = await importFlows(store, log)
  if (options.json === true) printJson(imported)
  else
    note(
      `${imported.stored} flows stored, ${imported.read - imported.stored} were there before, ${imported.invalid} lines are no flow`,
    )
  return imported.invalid > 0 ? 2 : 0
}

async function exportTo(
  format: (typeof FILES)[number],
  store: FlowQueries,
  filter: FlowFilter,
  place: ExportPlace,
): Promise<void> {
  await writeExport(place, async (put) => {
    if (isLineFormat(format)) return putFlowLines(store, filter, format, put)
    const path = await store.export(filter, format)
    const pieces = createReadStream(path)
    try {
      await once(pieces, 'open')
    } finally {
      // What is open is read to its end all the same, and nothing stays when we are interrupted.
      await rm(path, { force: true })
    }
    for await (const piece of pieces as AsyncIterable<Buffer>) await put(piece)
  })
}

/** Each on a line: as JSON, a flow is a document. */
async function follow(store: OpenFlows, filter: FlowFilter, { limit, json }: Options): Promise<void> {
  for await (const { flows, hasGap } of followFlows(store, filter, limit, stopSignal())) {
    if (hasGap) note('more came at once than are shown')
    for (const flow of flows) await printSlowly(`${json === true ? JSON.stringify(flow) : describeFlow(flow)}\n`)
  }
}

async function list(store: FlowQueries, filter: FlowFilter, options: Options): Promise<void> {
  let after = options.after
  let left = options.limit
  let next: string | null = null
  const all: ListedFlow[] = []
  while (left > 0) {
    const page = await store.list(filter, { limit: Math.min(left, PAGE), ...(after === undefined ? {} : { after }) })
    left -= page.flows.length
    next = page.next
    if (options.json === true) all.push(...page.flows)
    else for (const flow of page.flows) await printSlowly(`${describeFlow(flow)}\n`)
    if (next === null) break
    after = next
  }
  const dropped = await store.drops(0)
  if (options.json === true) return printJson({ flows: all, next, dropped })
  if (left === options.limit) note('no flow matches')
  if (next !== null) note(`there are more: --after ${next}`)
  if (Object.keys(dropped).length > 0) note(`flows that happened and are not recorded: ${reasons(dropped)}`)
}

export function parseCount(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new SallyportError('usage', `"${text}" is not a count between 1 and 9999999`)
}
